package net.cartback.deletion.status;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What each situation says is what the page of the law's contents lists, no less and no more. */
class StatusContentTest {

    private static final String SITUATIONS =
            "net.cartback.deletion.status.SampleStatuses#situations";

    private static final Path LIST = Path.of("docs/STATUS-PAGE.md");
    private static final Pattern KEY = Pattern.compile("`([a-z_.*]+)`");

    private static final Words ENGLISH = Words.of(Language.ENGLISH);

    /** What the template itself says, beside the page that it is given. */
    private static final List<String> OF_THE_TEMPLATE =
            List.of(
                    "fact.title",
                    "frame.again",
                    "part.title",
                    "record.address",
                    "record.proof.link");

    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void a_page_says_what_the_list_demands_and_nothing_else(String situation) throws IOException {
        var listed = listed();
        var demanded = new TreeSet<>(listed.get("every"));
        demanded.addAll(listed.get(situation));
        var said = keys(SampleStatuses.page(situation, ENGLISH));
        var html = SampleStatuses.html(situation, ENGLISH);
        OF_THE_TEMPLATE.stream()
                .filter(key -> html.contains(ENGLISH.say(key).toString()))
                .forEach(said::add);
        assertThat(said).as("said, and not listed").allMatch(key -> matches(demanded, key));
        assertThat(demanded)
                .as("listed, and not said")
                .allMatch(each -> said.stream().anyMatch(key -> matches(Set.of(each), key)));
    }

    @Test
    void each_situation_is_listed() throws IOException {
        var listed = new TreeSet<>(listed().keySet());
        listed.remove("every");
        listed.remove("brand");
        listed.remove("person");
        listed.remove("mail");
        assertThat(listed).isEqualTo(new TreeSet<>(SampleStatuses.situations().toList()));
        for (var situation : Situation.values()) {
            assertThat(listed).contains(situation.key());
        }
    }

    /** Nothing that is true of Meta's ids alone, and all the rest. */
    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void a_person_is_told_the_same_but_for_what_is_true_of_meta_alone(String situation)
            throws IOException {
        var status = SampleStatuses.status(situation, "Example Shop", "Customer records");
        var signed = keys(SampleStatuses.page(status, ENGLISH));
        var person = keys(SampleStatuses.page(ofPerson(status), ENGLISH));

        var instead = new TreeSet<>(person);
        instead.removeAll(signed);
        assertThat(listed().get("person")).containsAll(instead);
        var gone = new TreeSet<>(signed);
        gone.removeAll(person);
        assertThat(gone)
                .allMatch(
                        key ->
                                key.startsWith("platform.")
                                        || key.equals("fact.platform")
                                        || key.equals("origin.signed")
                                        || key.equals("fact.asked.deletion")
                                        || key.equals("change.identity_not_established")
                                        // The rule, which is told with every other answer, too.
                                        || (key.equals("nothing_found.lead")
                                                && instead.contains("scope.asked.person"))
                                        || instead.contains(key + ".person"));
        assertThat(instead).contains("origin.person", "fact.asked.person");
        assertThat(person.contains("scope.asked.person"))
                .as("by what organisations are asked, wherever it is said what they did")
                .isEqualTo(signed.contains("scope.covers") || signed.contains("scope.searched"));
    }

    @Test
    void whatever_is_listed_for_a_person_is_said_somewhere() throws IOException {
        var said = new TreeSet<String>();
        SampleStatuses.situations()
                .map(each -> SampleStatuses.status(each, "Example Shop", "Customer records"))
                .forEach(each -> said.addAll(keys(SampleStatuses.page(ofPerson(each), ENGLISH))));
        assertThat(said).containsAll(listed().get("person"));
    }

    private static RequestStatus ofPerson(RequestStatus status) {
        var app = status.app();
        return new RequestStatus(
                new RequestStatus.App(
                        app.name(), app.platform(), RequestStatus.Way.PERSON, app.takesRequests()),
                status.receivedAt(),
                status.dueAt(),
                status.closedAt(),
                status.hold(),
                status.extension(),
                status.parts());
    }

    /** Without the brand nobody can know; with it, each page says so. */
    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void a_brand_adds_what_the_list_demands_and_takes_nothing_away(String situation)
            throws IOException {
        var status = SampleStatuses.status(situation, "Example Shop", "Customer records");
        var without = keys(SampleStatuses.page(status, ENGLISH));
        var with = keys(SampleStatuses.page(status, ENGLISH, SampleBrand.WHOLE));
        var expected = new TreeSet<>(without);
        expected.addAll(listed().get("brand"));
        assertThat(with).isEqualTo(expected);
        var html = SampleStatuses.html(status, ENGLISH, new PageShell(SampleBrand.WHOLE));
        assertThat(html.contains("overwritten after 35 days"))
                .isEqualTo(without.contains("scope.backups"));
        assertThat(html)
                .contains(
                        "<img src=\"/logo/",
                        "alt=\"\u2068Cart Back\u2069\"",
                        "<a href=\"mailto:complaints@example.com\">complaints@example.com</a>",
                        "<a class=\"named\" href=\"https://authority.example/complain\">",
                        "1 High Street",
                        "href=\"https://example.com/privacy\"");
    }

    @Test
    void a_brand_speaks_the_language_of_the_reader_or_says_which() {
        var status = SampleStatuses.status("deleted", "Example Shop", "Customer records");
        var shell = new PageShell(SampleBrand.WHOLE);
        assertThat(SampleStatuses.html(status, Words.of(Language.JAPANESE), shell))
                .contains(
                        "<bdi>カートバック</bdi>", "<span lang=\"en\" dir=\"ltr\">Copies in our backups");
        assertThat(SampleStatuses.html(status, Words.of(Language.GERMAN), shell))
                .contains("<p>Kopien in unseren Sicherungen");
    }

    /** The values of a hostile brand change nothing but the text. */
    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void no_brand_changes_the_structure_of_a_page(String situation) {
        var status = SampleStatuses.status(situation, "Example Shop", "Customer records");
        for (var words : List.of(ENGLISH, Words.of(Language.ARABIC))) {
            var plain = SampleStatuses.html(status, words, new PageShell(SampleBrand.WHOLE));
            var hostile = SampleStatuses.html(status, words, new PageShell(SampleBrand.hostile()));
            assertThat(elements(hostile)).isEqualTo(elements(plain));
            assertThat(hostile).doesNotContain("\u202E", "\u2066", "\u0000", "<script");
        }
    }

    private static List<String> elements(String html) {
        return tags(html).stream().map(tag -> tag.replaceAll("=\"[^\"]*\"", "=")).toList();
    }

    /** In the page's own words, nobody has deleted anything: only an organisation says so. */
    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void deleted_is_never_our_own_word(String situation) {
        // They, or who did nothing, or what may still be asked for.
        var told =
                Set.of(
                        "part.deleted",
                        "part.retained",
                        "deleted.title",
                        "retained.title",
                        "refused.lead",
                        "held.lead",
                        "scope.elsewhere");
        var page = SampleStatuses.page(situation, ENGLISH);
        for (var sentence : sentences(page)) {
            if (!told.contains(sentence.key())) {
                assertThat(sentence.text()).doesNotContainPattern("(?i)\\bdeleted\\b");
            }
        }
        assertThat(SampleStatuses.html(situation, ENGLISH)).doesNotContain("%<", "✓", "✔");
    }

    @ParameterizedTest
    @MethodSource(SITUATIONS)
    void no_name_changes_the_structure_of_a_page(String situation) {
        var hostile =
                "<script>alert(1)</script>\u202E\u2066</dd><!--\u0000\r\n\"' onload=x "
                        + "x".repeat(10_000);
        for (var words : List.of(ENGLISH, Words.of(Language.ARABIC))) {
            assertThat(
                            tags(
                                    SampleStatuses.html(
                                            SampleStatuses.status(situation, hostile, hostile),
                                            words)))
                    .isEqualTo(tags(SampleStatuses.html(situation, words)));
            assertThat(
                            SampleStatuses.html(
                                    SampleStatuses.status(situation, hostile, hostile), words))
                    .doesNotContain("\u202E", "\u2066", "\u0000");
        }
    }

    private static List<String> tags(String html) {
        return Pattern.compile("<[^>]*>")
                .matcher(html.replaceAll("(?s)<title>.*?</title>", ""))
                .results()
                .map(found -> found.group())
                .toList();
    }

    private static boolean matches(Set<String> listed, String key) {
        return listed.stream()
                .anyMatch(each -> key.matches(each.replace(".", "\\.").replace("*", "[a-z_.]+")));
    }

    /** The keys of each situation, from the list. */
    private static Map<String, Set<String>> listed() throws IOException {
        var listed = new TreeMap<String, Set<String>>();
        for (var line : Files.readAllLines(LIST)) {
            var cells = line.split("\\|", -1);
            if (cells.length == 6 && !cells[4].contains("---") && !cells[4].contains("source")) {
                KEY.matcher(cells[3])
                        .results()
                        .map(found -> found.group(1))
                        .forEach(
                                key ->
                                        listed.computeIfAbsent(
                                                        cells[1].strip(), each -> new TreeSet<>())
                                                .add(key));
            }
        }
        return listed;
    }

    private static Set<String> keys(StatusPage page) {
        var keys = new TreeSet<>(sentences(page).stream().map(Sentence::key).toList());
        keys.remove("");
        return keys;
    }

    private static List<Sentence> sentences(StatusPage page) {
        var sentences = new ArrayList<Sentence>();
        sentences.add(page.title());
        sentences.addAll(page.lead());
        sentences.add(page.now());
        add(sentences, page.facts());
        for (var part : page.parts()) {
            sentences.addAll(part.said());
            part.rows().forEach(rows -> add(sentences, rows));
        }
        for (var section : page.sections()) {
            sentences.add(section.title());
            sentences.addAll(section.sentences());
        }
        return sentences;
    }

    private static void add(List<Sentence> sentences, List<StatusPage.Row> rows) {
        for (var row : rows) {
            sentences.add(row.label());
            sentences.addAll(row.values());
        }
    }
}
