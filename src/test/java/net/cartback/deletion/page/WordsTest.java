package net.cartback.deletion.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.text.Normalizer.Form.NFC;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.WireName;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Every word that a person reads stands in the files of words, every word there is read, and each
 * language says the same.
 */
class WordsTest {

    private static final Path FOLDER = Path.of("src/main/resources/words");

    /** Where a request stands; each has a title and a sentence that says what it means. */
    private static final List<String> SITUATIONS =
            List.of(
                    "received",
                    "in_progress",
                    "delayed",
                    "nobody_yet",
                    "answer_again",
                    "held",
                    "deleted",
                    "retained",
                    "nothing_found",
                    "refused",
                    "unconfirmed",
                    "nobody_asked");

    /** What these languages call as English does. */
    private static final List<String> SAME_WORD =
            List.of(
                    "fact.app=App",
                    "category.messages=Messages",
                    "part.unnamed=Organisation {number}");

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
                        DeliveryState.values(),
                        Outcome.values(),
                        Category.values(),
                        Ground.values(),
                        ExtensionGround.values(),
                        Platform.values())) {
            ends.addAll(each("", words));
        }
        named.addAll(SITUATIONS);
        assertThat(keys().stream().filter(key -> !isNamed(key, named, ends))).isEmpty();
        assertThat(
                        Stream.of(
                                        "later.banana",
                                        "part.banana",
                                        "ground.banana",
                                        "banana.title",
                                        "ask.banana.1")
                                .filter(key -> isNamed(key, named, ends)))
                .isEmpty();
    }

    private static boolean isNamed(String key, Set<String> named, Set<String> ends) {
        int last = key.lastIndexOf('.');
        return named.contains(key)
                || (named.contains(key.substring(0, last))
                        && Set.of("title", "text", "lead").contains(key.substring(last + 1)))
                || named.stream()
                        .filter(each -> each.endsWith(".") && key.startsWith(each))
                        .map(each -> key.substring(each.length()).replaceFirst("[.][1-9]$", ""))
                        .anyMatch(ends::contains);
    }

    @Test
    void every_value_that_a_person_is_told_has_its_words() throws IOException {
        var needed = new ArrayList<String>();
        for (var situation : SITUATIONS) {
            needed.add(situation + ".title");
            needed.add(situation + ".lead");
        }
        needed.addAll(each("part.", Outcome.values()));
        for (var state : DeliveryState.values()) {
            if (state != DeliveryState.CLOSED) {
                needed.add("part." + state.wireName());
            }
        }
        needed.addAll(each("category.", Category.values()));
        needed.addAll(each("ground.", Ground.values()));
        needed.addAll(each("change.", Ground.values()));
        needed.addAll(each("extension.", ExtensionGround.values()));
        needed.addAll(each("platform.", Platform.values()));
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
        var english = Words.of(Language.ENGLISH);
        assertThat(english.say("lead.late", Map.of("due", new Value.Code("$1 <b>"))).toString())
                .isEqualTo(
                        "Your request should have been finished by <code dir=\"ltr\">$1"
                                + " &lt;b&gt;</code>.");
        assertThatThrownBy(() -> english.say("lead.late")).hasMessageContaining("due");
        assertThatThrownBy(() -> english.say("no.such.key")).hasMessageContaining("no.such.key");
    }

    @ParameterizedTest
    @EnumSource(Language.class)
    void a_language_says_everything_with_the_same_values(Language language) throws IOException {
        var english = sentences(Language.ENGLISH);
        var own = sentences(language);
        assertThat(own.keySet()).isEqualTo(english.keySet());
        own.forEach(
                (key, sentence) ->
                        assertThat(places(sentence))
                                .as(key)
                                .isEqualTo(places(english.getOrDefault(key, ""))));
    }

    @ParameterizedTest
    @EnumSource(value = Language.class, mode = EnumSource.Mode.EXCLUDE, names = "ENGLISH")
    void nothing_is_left_in_english(Language language) throws IOException {
        var english = sentences(Language.ENGLISH);
        assertThat(sentences(language).entrySet())
                .filteredOn(each -> each.getValue().equals(english.get(each.getKey())))
                .map(each -> each.getKey() + "=" + each.getValue())
                .filteredOn(each -> !each.matches("(platform|format)[.].*"))
                .isSubsetOf(SAME_WORD);
    }

    @ParameterizedTest
    @EnumSource(Language.class)
    void a_sentence_is_plain_text(Language language) throws IOException {
        sentences(language)
                .forEach(
                        (key, sentence) ->
                                assertThat(sentence)
                                        .as(key)
                                        .isNotBlank()
                                        .isEqualTo(sentence.strip())
                                        .isEqualTo(Normalizer.normalize(sentence, NFC))
                                        .doesNotContainPattern("[<>\\p{Cc}\\p{Cf}]|  "));
    }

    /** Whether anybody has read it over, and who and when, stands in the file itself. */
    @ParameterizedTest
    @EnumSource(Language.class)
    void a_file_says_who_has_read_it_over(Language language) throws IOException {
        assertThat(Files.readAllLines(file(language), UTF_8))
                .filteredOn(line -> line.startsWith("# Read over by a native speaker: "))
                .hasSize(1);
    }

    private static Set<String> places(String sentence) {
        return new TreeSet<>(Places.of(sentence).names());
    }

    private static Path file(Language language) {
        return FOLDER.resolve(language.tag() + ".properties");
    }

    private static Map<String, String> sentences(Language language) throws IOException {
        var words = new Properties();
        try (var file = Files.newBufferedReader(file(language), UTF_8)) {
            words.load(file);
        }
        var sentences = new TreeMap<String, String>();
        words.stringPropertyNames().forEach(key -> sentences.put(key, words.getProperty(key)));
        return sentences;
    }

    private static List<String> each(String prefix, WireName[] values) {
        return Arrays.stream(values).map(value -> prefix + value.wireName()).toList();
    }

    private static Set<String> keys() throws IOException {
        return sentences(Language.ENGLISH).keySet();
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
