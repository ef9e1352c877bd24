package net.cartback.deletion.status;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.page.Language;
import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.page.Reader;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.reading.RequestStatus.Part;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What each situation says is what the page of the law's contents lists, no less and no more. */
class StatusContentTest {

    private static final Path LIST = Path.of("docs/STATUS-PAGE.md");
    private static final Pattern KEY = Pattern.compile("`([a-z_.*]+)`");

    private static final ConfirmationCode CODE = new ConfirmationCode("7K3M9Q2XVB4T8WZC5N6R1YHDJF");
    private static final RequestStatus.App APP =
            new RequestStatus.App("Example Shop", Platform.FACEBOOK, true);
    private static final Instant ASKED = Instant.parse("2026-11-25T14:05:00Z");
    private static final Instant DUE = ASKED.plus(Duration.ofDays(30));
    private static final Instant ENDED = ASKED.plus(Duration.ofDays(3));

    /** What the template itself says, beside the page that it is given. */
    private static final List<String> OF_THE_TEMPLATE =
            List.of("fact.title", "frame.again", "record.address");

    private static final PageShell SHELL = new PageShell();

    @ParameterizedTest
    @MethodSource("situations")
    void a_page_says_what_the_list_demands_and_nothing_else(String situation) throws IOException {
        var listed = listed();
        var demanded = new TreeSet<>(listed.get("every"));
        demanded.addAll(listed.get(situation));
        var said = keys(page(situation, Language.ENGLISH));
        assertThat(said).as("said, and not listed").allMatch(key -> matches(demanded, key));
        assertThat(demanded)
                .as("listed, and not said")
                .allMatch(each -> said.stream().anyMatch(key -> matches(Set.of(each), key)));
    }

    @Test
    void each_situation_is_listed() throws IOException {
        var listed = new TreeSet<>(listed().keySet());
        listed.remove("every");
        assertThat(listed).isEqualTo(new TreeSet<>(situations().toList()));
        for (var situation : Situation.values()) {
            assertThat(listed).contains(situation.key());
        }
    }

    /** In the page's own words, nobody has deleted anything: only an organisation says so. */
    @ParameterizedTest
    @MethodSource("situations")
    void deleted_is_never_our_own_word(String situation) {
        assertThat(html(situation, Language.ENGLISH).replace("Not everything was deleted", ""))
                .doesNotContainPattern("(?i)(has|have|was|were|is) (been )?deleted(?! (it|the))")
                .doesNotContain("%<", "✓", "✔", "your data was");
    }

    @ParameterizedTest
    @MethodSource("situations")
    void no_name_changes_the_structure_of_a_page(String situation) {
        var hostile =
                "<script>alert(1)</script>\u202E\u2066</dd><!--\u0000\r\n\"' onload=x "
                        + "x".repeat(10_000);
        for (var language : List.of(Language.ENGLISH, Language.ARABIC)) {
            assertThat(tags(html(status(situation, hostile, hostile), language)))
                    .isEqualTo(tags(html(situation, language)));
            assertThat(html(status(situation, hostile, hostile), language))
                    .doesNotContain("\u202E", "\u2066", "\u0000");
        }
    }

    static Stream<String> situations() {
        return Stream.of(
                "received",
                "in_progress",
                "delayed",
                "extended",
                "held",
                "deleted",
                "retained",
                "nothing_found",
                "refused",
                "unconfirmed",
                "nobody_asked",
                "kept_for_law");
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
        var sentences = new ArrayList<Sentence>();
        sentences.add(page.title());
        sentences.addAll(page.lead());
        sentences.add(page.now());
        add(sentences, page.facts());
        for (var part : page.parts()) {
            sentences.add(part.said());
            part.rows().forEach(rows -> add(sentences, rows));
        }
        for (var section : page.sections()) {
            sentences.add(section.title());
            sentences.addAll(section.sentences());
        }
        var keys = new TreeSet<>(sentences.stream().map(Sentence::key).toList());
        keys.remove("");
        keys.addAll(OF_THE_TEMPLATE);
        if (!page.parts().isEmpty()) {
            keys.add("part.title");
        }
        if (page.isFinished()) {
            keys.add("record.proof.link");
        }
        return keys;
    }

    private static void add(List<Sentence> sentences, List<StatusPage.Row> rows) {
        for (var row : rows) {
            sentences.add(row.label());
            sentences.addAll(row.values());
        }
    }

    private static StatusPage page(String situation, Language language) {
        return page(status(situation, "Example Shop", "Customer records"), language);
    }

    private static StatusPage page(RequestStatus status, Language language) {
        var now = status.closedAt() == null ? ASKED.plus(Duration.ofDays(4)) : ENDED;
        if (status.dueAt().isBefore(ASKED)) {
            now = ASKED;
        }
        return new StatusContent(Words.of(language), status, now, RetentionPeriods.USUAL)
                .page(CODE, new PublicUrl("https://relay.example.com"));
    }

    private static String html(String situation, Language language) {
        return html(status(situation, "Example Shop", "Customer records"), language);
    }

    private static String html(RequestStatus status, Language language) {
        return SHELL.page(
                        "status.jte",
                        new Reader(language, false),
                        Map.of("page", page(status, language)))
                .html();
    }

    private static RequestStatus status(String situation, String app, String organisation) {
        var legal = new RequestStatus.Hold(Ground.LEGAL_CLAIMS, ASKED.plus(Duration.ofDays(1)));
        var said = new Maker(app, organisation);
        return switch (situation) {
            case "received" -> said.open(said.silent(), said.accepted());
            case "in_progress" -> said.open(said.answer(Outcome.DELETED), said.silent());
            case "delayed" ->
                    said.status(ASKED.minus(Duration.ofDays(1)), null, null, null, said.tried());
            case "extended" ->
                    said.status(
                            DUE.plus(Duration.ofDays(30)),
                            null,
                            null,
                            new RequestStatus.Extension(ExtensionGround.COMPLEXITY, ASKED, DUE),
                            said.silent());
            case "held" ->
                    said.status(
                            DUE, null, legal, null, said.answer(Outcome.DELETED), said.silent());
            case "deleted" ->
                    said.done(said.answer(Outcome.DELETED), said.answer(Outcome.NOTHING_FOUND));
            case "retained" -> said.done(said.keeps(), said.refuses());
            case "nothing_found" -> said.done(said.answer(Outcome.NOTHING_FOUND));
            case "refused" -> said.done(said.refuses());
            case "unconfirmed" -> said.done(said.answer(Outcome.DELETED), said.gone());
            case "nobody_asked" -> said.done();
            case "kept_for_law" ->
                    said.status(DUE, ENDED, legal, null, said.answer(Outcome.DELETED));
            default -> throw new IllegalArgumentException(situation);
        };
    }

    /** Makes statuses of an app whose data one organisation holds. */
    private record Maker(String app, String organisation) {

        RequestStatus open(Part... parts) {
            return status(DUE, null, null, null, parts);
        }

        RequestStatus done(Part... parts) {
            return status(DUE, ENDED, null, null, parts);
        }

        RequestStatus status(
                Instant due,
                @Nullable Instant closedAt,
                RequestStatus.@Nullable Hold hold,
                RequestStatus.@Nullable Extension extension,
                Part... parts) {
            return new RequestStatus(
                    new RequestStatus.App(app, APP.platform(), true),
                    ASKED,
                    due,
                    closedAt,
                    hold,
                    extension,
                    List.of(parts));
        }

        Part silent() {
            return part(DeliveryState.PENDING, null, List.of(), null, 0, null, null);
        }

        Part tried() {
            return part(DeliveryState.PENDING, null, List.of(), null, 12, null, null);
        }

        Part accepted() {
            return part(DeliveryState.AWAITING_RECEIPT, null, List.of(), null, 1, ASKED, null);
        }

        Part gone() {
            return part(
                    DeliveryState.CLOSED, Outcome.UNCONFIRMED, List.of(), null, 40, null, ENDED);
        }

        Part answer(Outcome outcome) {
            return part(DeliveryState.CLOSED, outcome, List.of(), null, 1, ASKED, ENDED);
        }

        Part keeps() {
            return part(
                    DeliveryState.CLOSED,
                    Outcome.RETAINED,
                    List.of(
                            new Retained(
                                    Category.INVOICES,
                                    Ground.LEGAL_OBLIGATION,
                                    LocalDate.of(2032, 12, 31)),
                            new Retained(Category.MESSAGES, Ground.LEGAL_CLAIMS, null)),
                    null,
                    1,
                    ASKED,
                    ENDED);
        }

        Part refuses() {
            return part(
                    DeliveryState.CLOSED,
                    Outcome.REFUSED,
                    List.of(),
                    Ground.IDENTITY_NOT_ESTABLISHED,
                    1,
                    ASKED,
                    ENDED);
        }

        private Part part(
                DeliveryState state,
                @Nullable Outcome outcome,
                List<Retained> retained,
                @Nullable Ground ground,
                int attempts,
                @Nullable Instant acceptedAt,
                @Nullable Instant answeredAt) {
            return new Part(
                    organisation,
                    state,
                    outcome,
                    retained,
                    ground,
                    ASKED,
                    attempts,
                    acceptedAt,
                    answeredAt);
        }
    }
}
