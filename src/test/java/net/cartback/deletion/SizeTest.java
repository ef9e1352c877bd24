package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

import javax.tools.ToolProvider;

/**
 * How long types and methods of the program are: lines from the declaration to its closing brace,
 * comments counted, and the lines of text blocks not, because SQL is as long as it is.
 */
class SizeTest {

    private static final int MAX_TYPE = 300;
    private static final int MAX_METHOD = 60;

    @Test
    void no_type_has_over_300_lines_and_no_method_over_60() throws IOException {
        assertThat(tooLong(Path.of("src/main/java"), MAX_TYPE, MAX_METHOD)).isEmpty();
    }

    @Test
    void what_is_too_long_is_found() throws IOException {
        assertThat(tooLong(Path.of("src/main/java"), 200, 40)).hasSizeGreaterThan(10);
    }

    private static List<String> tooLong(Path sources, int maxType, int maxMethod)
            throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var found = new ArrayList<String>();
        try (var files = compiler.getStandardFileManager(null, null, null);
                var paths = Files.walk(sources)) {
            var java = paths.filter(path -> path.toString().endsWith(".java")).toList();
            assertThat(java).hasSizeGreaterThan(100);
            var task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    files,
                                    ignored -> {},
                                    List.of("-proc:none"),
                                    null,
                                    files.getJavaFileObjectsFromPaths(java));
            var positions = Trees.instance(task).getSourcePositions();
            for (var unit : task.parse()) {
                new Measure(unit, positions, maxType, maxMethod, found).scan(unit, null);
            }
        }
        return found;
    }

    private static final class Measure extends TreeScanner<@Nullable Void, @Nullable Void> {

        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final int maxType;
        private final int maxMethod;
        private final List<String> found;
        private final TreeSet<Long> textBlocks = new TreeSet<>();
        private int depth;

        Measure(
                CompilationUnitTree unit,
                SourcePositions positions,
                int maxType,
                int maxMethod,
                List<String> found)
                throws IOException {
            this.unit = unit;
            this.positions = positions;
            this.maxType = maxType;
            this.maxMethod = maxMethod;
            this.found = found;
            var source = unit.getSourceFile().getCharContent(true).toString();
            new TreeScanner<@Nullable Void, @Nullable Void>() {
                @Override
                public @Nullable Void visitLiteral(LiteralTree literal, @Nullable Void unused) {
                    int start = (int) positions.getStartPosition(unit, literal);
                    if (start >= 0 && source.startsWith("\"\"\"", start)) {
                        for (long i = first(literal); i <= last(literal); i++) {
                            textBlocks.add(i);
                        }
                    }
                    return null;
                }
            }.scan(unit, null);
        }

        private long first(Tree tree) {
            return unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
        }

        private long last(Tree tree) {
            return unit.getLineMap().getLineNumber(positions.getEndPosition(unit, tree));
        }

        private long lines(Tree tree) {
            return last(tree)
                    - first(tree)
                    + 1
                    - textBlocks.subSet(first(tree), last(tree) + 1).size();
        }

        @Override
        public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
            if (depth == 0 && lines(type) > maxType) {
                found.add(type.getSimpleName() + ": " + lines(type) + " lines");
            }
            depth++;
            super.visitClass(type, null);
            depth--;
            return null;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
            if (lines(method) > maxMethod) {
                found.add(
                        unit.getSourceFile().getName()
                                + " "
                                + method.getName()
                                + ": "
                                + lines(method)
                                + " lines");
            }
            return super.visitMethod(method, null);
        }
    }
}
