package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** {@code docs/THREATS.md} names tests that there are. */
class ThreatModelTest {

    private static final Path MODEL = Path.of("docs/THREATS.md");
    private static final Pattern NAMED =
            Pattern.compile("`([A-Z]\\w+(?:Test|IT|E2E))(?:\\.(\\w+))?`");

    @Test
    void every_test_that_the_model_names_is_there() throws IOException {
        var sources = sources();
        var missing = new ArrayList<String>();
        var named = NAMED.matcher(Files.readString(MODEL));
        int count = 0;
        while (named.find()) {
            count++;
            var source = sources.getOrDefault(named.group(1), "");
            var method = named.group(2);
            if (source.isEmpty() || (method != null && !source.contains("void " + method + "("))) {
                missing.add(named.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(count).isGreaterThan(40);
    }

    @Test
    void every_row_names_a_test() throws IOException {
        var rows =
                Files.readAllLines(MODEL).stream()
                        .filter(line -> line.startsWith("| "))
                        .filter(line -> !line.startsWith("| an attacker") && !line.contains("---"))
                        .toList();
        assertThat(rows).hasSizeGreaterThan(25);
        assertThat(rows).allSatisfy(row -> assertThat(row).containsPattern(NAMED));
    }

    private static Map<String, String> sources() throws IOException {
        var sources = new TreeMap<String, String>();
        try (var files = Files.walk(Path.of("src"))) {
            for (var file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                var name = file.getFileName().toString();
                sources.put(name.substring(0, name.length() - 5), Files.readString(file));
            }
        }
        return sources;
    }
}
