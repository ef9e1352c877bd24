package net.cartback.deletion.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;

import org.yaml.snakeyaml.error.MarkedYAMLException;

import java.util.List;
import java.util.regex.Pattern;

/** Where a file stops being YAML, in a sentence that quotes nothing of it: it may hold secrets. */
public final class YamlFault {

    /** A bracket that is not closed before a comment. */
    private static final Pattern COMMENT_IN_FLOW = Pattern.compile("[{\\[][^}\\]]*\\s#");

    private YamlFault() {}

    public static String of(JsonProcessingException e, String yaml) {
        var duplicate = e.getOriginalMessage();
        if (duplicate != null && duplicate.startsWith("Duplicate field")) {
            var where = e.getLocation();
            return "a key is given twice, at line "
                    + where.getLineNr()
                    + ", column "
                    + where.getColumnNr();
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
                return at(
                        marked.getProblemMark().getLine() + 1,
                        marked.getProblemMark().getColumn() + 1,
                        yaml);
            }
        }
        var at = e.getLocation();
        return at == null ? at(1, 1, yaml) : at(at.getLineNr(), at.getColumnNr(), yaml);
    }

    private static String at(int line, int column, String yaml) {
        var lines = yaml.lines().toList();
        if (line > lines.size()) {
            // What was open at the end was often cut short by a # that stands in no quotes.
            return "not valid YAML: a bracket or a quote is open at its end" + hint(lines);
        }
        var before = lines.get(line - 1);
        return (before.substring(0, Math.min(column, before.length())).contains("\t")
                        ? "a tab instead of spaces"
                        : "not valid YAML")
                + ", at line "
                + line
                + ", column "
                + column
                + hint(lines.subList(0, line));
    }

    private static String hint(List<String> lines) {
        return lines.stream().anyMatch(each -> COMMENT_IN_FLOW.matcher(each).find())
                ? " (what follows a # is a comment, unless it is in quotes)"
                : "";
    }
}
