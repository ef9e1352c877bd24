package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is written for people can be followed: links lead somewhere, and the README is short. */
class PagesTest {

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final int README_LINES = 120;

    static List<Path> pages() throws IOException {
        try (var docs = Files.walk(Path.of("docs"))) {
            return Stream.concat(
                            Stream.of(Path.of("README.md"), Path.of("k8s/README.md")),
                            docs.filter(each -> each.toString().endsWith(".md")))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void every_link_leads_to_a_file_and_to_a_heading_in_it(Path page) throws IOException {
        var wrong = new ArrayList<String>();
        var links = LINK.matcher(Files.readString(page));
        while (links.find()) {
            var link = links.group(1);
            if (link.startsWith("http")) {
                continue;
            }
            var parts = link.split("#", 2);
            var target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
            if (!Files.exists(target)) {
                wrong.add(link);
            } else if (parts.length == 2 && !anchors(target).contains(parts[1])) {
                wrong.add(link);
            }
        }

        assertThat(wrong).isEmpty();
    }

    @Test
    void the_readme_is_read_in_one_sitting() throws IOException {
        assertThat(Files.readAllLines(Path.of("README.md"))).hasSizeLessThan(README_LINES);
    }

    /** As the hosts of repositories make them of headings. */
    private static List<String> anchors(Path page) throws IOException {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
                .map(line -> line.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
                .toList();
    }

    @Test
    void each_version_of_the_schema_says_what_it_needs() throws IOException {
        var page = Files.readString(Path.of("docs/UPGRADING.md"));
        for (int version = 1; version <= Migrations.SCHEMA; version++) {
            assertThat(page).contains("\n| " + version + " | ");
        }
    }
}
