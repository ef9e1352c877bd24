package net.cartback.deletion.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.terms.WireName;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Every word that a person reads stands in the file of words, and every word there is read. */
class WordsTest {

    private static final Path FILE = Path.of("src/main/resources/words/en.properties");
    private static final Path TEMPLATES = Path.of("src/main/jte");
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern LITERAL = Pattern.compile("\"([a-z_.]+)\"");

    @Test
    void every_key_is_named_in_a_template_or_in_code() throws IOException {
        var named = new TreeSet<String>();
        for (var source : files(TEMPLATES, SOURCES)) {
            LITERAL.matcher(Files.readString(source))
                    .results()
                    .map(found -> found.group(1))
                    .forEach(named::add);
        }
        // A message has a title and a text.
        var unread =
                keys().stream()
                        .filter(key -> !named.contains(key))
                        .filter(key -> !named.contains(key.substring(0, key.lastIndexOf('.'))))
                        .filter(
                                key ->
                                        named.stream()
                                                .noneMatch(
                                                        each ->
                                                                each.endsWith(".")
                                                                        && key.startsWith(each)));
        assertThat(unread).isEmpty();
    }

    @Test
    void every_value_that_a_person_is_told_has_its_words() throws IOException {
        var needed = new ArrayList<String>();
        needed.addAll(each("status.headline.", RequestStatus.PublicOutcome.values()));
        needed.addAll(each("status.meaning.", RequestStatus.PublicOutcome.values()));
        needed.addAll(each("status.system.", Outcome.values()));
        needed.addAll(each("category.", Category.values()));
        needed.addAll(each("ground.", Ground.values()));
        needed.addAll(each("extension.", ExtensionGround.values()));
        assertThat(keys()).containsAll(needed);
    }

    @Test
    void no_template_has_a_word_of_its_own() throws IOException {
        for (var template : files(TEMPLATES)) {
            var visible =
                    Files.readString(template)
                            .replaceAll("(?m)^@(import|param) .*$", "")
                            .replaceAll("(?s)<!doctype.*?>|<style>.*?</style>", "")
                            .replaceAll("@template\\.page\\([^`]*`", "")
                            .replaceAll("@(for|if|else|elseif|endfor|endif)(\\([^\\n]*)?", "")
                            .replaceAll("\\$(unsafe)?\\{[^}]*\\}", "")
                            .replaceAll("<[^>]*>", "");
            assertThat(visible).as(template.toString()).doesNotContainPattern("\\p{L}");
            assertThat(Files.readString(template))
                    .as(template.toString())
                    .doesNotContainPattern("(alt|title|placeholder|aria-label)=\"[^\"$]");
        }
    }

    @Test
    void a_sentence_that_lacks_a_value_is_not_said() {
        assertThat(
                        Words.english()
                                .say(
                                        "status.fact.answers.value",
                                        Map.of("confirmed", "1", "total", "$2")))
                .isEqualTo("1 of $2 systems");
        assertThatThrownBy(() -> Words.english().say("status.fact.answers.value"))
                .hasMessageContaining("needs a value");
        assertThatThrownBy(() -> Words.english().say("no.such.key"))
                .hasMessageContaining("no.such.key");
    }

    private static List<String> each(String prefix, WireName[] values) {
        return Arrays.stream(values).map(value -> prefix + value.wireName()).toList();
    }

    private static Set<String> keys() throws IOException {
        var words = new Properties();
        try (var file = Files.newBufferedReader(FILE, UTF_8)) {
            words.load(file);
        }
        return new TreeSet<>(words.stringPropertyNames());
    }

    private static List<Path> files(Path... roots) throws IOException {
        var files = new ArrayList<Path>();
        for (var root : roots) {
            try (Stream<Path> paths = Files.walk(root)) {
                paths.filter(Files::isRegularFile).forEach(files::add);
            }
        }
        return files;
    }
}
