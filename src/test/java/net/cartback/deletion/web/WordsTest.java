package net.cartback.deletion.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.WireName;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Every word that a person reads stands in the file of words, and every word there is read. */
class WordsTest {

    private static final Path FILE = Path.of("src/main/resources/words/en.properties");
    private static final Path TEMPLATES = Path.of("src/main/jte");
    private static final Path SOURCES = Path.of("src/main/java");

    /** A line of its own that shows nothing. */
    private static final Pattern DIRECTIVE =
            Pattern.compile(
                    "@(if|elseif|for)\\(.*\\)|@(else|endif|endfor)|@template\\.\\w+\\(.*[`)]");

    private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"");
    private static final Pattern KEY = Pattern.compile("[a-z_.]*");

    /** Attributes that a browser shows or reads out. */
    private static final Pattern SHOWN =
            Pattern.compile("\\b(alt|title|placeholder|aria-label|value)=\"[^\"$][^\"]*\"");

    private static final Pattern LETTERS = Pattern.compile("\\p{L}+");
    private static final Pattern LITERAL = Pattern.compile("\"([a-z_.]+)\"");

    /**
     * By itself; as the title or the text of a message; or by its beginning in the code, and its
     * end as a word of a closed list or as a word of the code.
     */
    @Test
    void every_key_is_named_in_a_template_or_in_code() throws IOException {
        var named = new TreeSet<String>();
        for (var source : files(TEMPLATES, SOURCES)) {
            LITERAL.matcher(Files.readString(source))
                    .results()
                    .map(found -> found.group(1))
                    .forEach(named::add);
        }
        var ends = new TreeSet<String>(named);
        for (var words :
                List.of(
                        RequestStatus.PublicOutcome.values(),
                        RequestStatus.State.values(),
                        DeliveryState.values(),
                        Outcome.values(),
                        Category.values(),
                        Ground.values(),
                        ExtensionGround.values())) {
            ends.addAll(each("", words));
        }
        assertThat(keys().stream().filter(key -> !isNamed(key, named, ends))).isEmpty();
        assertThat(
                        Stream.of(
                                        "later.banana",
                                        "status.banana",
                                        "status.headline.banana",
                                        "ground.banana",
                                        "message.banana")
                                .filter(key -> isNamed(key, named, ends)))
                .isEmpty();
    }

    private static boolean isNamed(String key, Set<String> named, Set<String> ends) {
        int last = key.lastIndexOf('.');
        return named.contains(key)
                || (named.contains(key.substring(0, last))
                        && Set.of("title", "text").contains(key.substring(last + 1)))
                || named.stream()
                        .filter(each -> each.endsWith(".") && key.startsWith(each))
                        .map(
                                each ->
                                        key.substring(each.length())
                                                .replaceFirst("[.](one|value)$", ""))
                        .anyMatch(ends::contains);
    }

    @Test
    void every_value_that_a_person_is_told_has_its_words() throws IOException {
        var needed = new ArrayList<String>();
        for (var prefix : List.of("status.headline.", "status.meaning.")) {
            needed.addAll(each(prefix, RequestStatus.PublicOutcome.values()));
            for (var situation :
                    List.of("held", "received", "in_progress", "delayed", "nobody_asked")) {
                needed.add(prefix + situation);
            }
        }
        needed.addAll(each("status.system.", Outcome.values()));
        for (var state : DeliveryState.values()) {
            if (state != DeliveryState.CLOSED) {
                needed.add("status.system." + state.wireName());
            }
        }
        needed.addAll(each("category.", Category.values()));
        needed.addAll(each("ground.", Ground.values()));
        needed.addAll(each("extension.", ExtensionGround.values()));
        assertThat(keys()).containsAll(needed);
    }

    @Test
    void no_template_has_a_word_of_its_own() throws IOException {
        for (var template : files(TEMPLATES)) {
            assertThat(ownWords(Files.readString(template))).as(template.toString()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<p>Your request is on hold</p>",
                "@if(page.held())<p>Your request is on hold</p>@endif",
                "@template.page(words = words, title = \"Hello there\", content = @`",
                "<p>${\"Hello there\"}</p>",
                "<p>$unsafe{\"Hi\"}</p>",
                "<input value=\"Send it\">",
                "<img alt=\"A logo\">",
            })
    void a_word_of_a_templates_own_is_found(String template) {
        assertThat(ownWords(template)).isNotEmpty();
    }

    /** What a reader would see that is not from the file of words. */
    private static List<String> ownWords(String template) {
        var own = new ArrayList<String>();
        var visible = new StringBuilder();
        for (var line : template.split("\n", -1)) {
            if (line.startsWith("@import ") || line.startsWith("@param ")) {
                continue;
            }
            if (line.startsWith("@")) {
                if (!DIRECTIVE.matcher(line).matches()) {
                    own.add(line);
                }
            } else {
                visible.append(line).append('\n');
            }
            QUOTED.matcher(line.replaceAll("<[^>]*>", ""))
                    .results()
                    .map(found -> found.group(1))
                    .filter(text -> !KEY.matcher(text).matches())
                    .forEach(own::add);
            SHOWN.matcher(line).results().map(MatchResult::group).forEach(own::add);
        }
        LETTERS.matcher(
                        visible.toString()
                                .replaceAll("(?s)<!doctype.*?>|<style>.*?</style>", "")
                                .replaceAll("\\$(unsafe)?\\{[^}]*\\}", "")
                                .replaceAll("<[^>]*>", ""))
                .results()
                .map(MatchResult::group)
                .forEach(own::add);
        return own;
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
