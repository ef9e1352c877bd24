package net.cartback.deletion.status;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.page.Reader;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.reading.RequestStatus.Part;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A request in each situation that a person can read of, and its page. */
final class SampleStatuses {

    private static final ConfirmationCode CODE = new ConfirmationCode("7K3M9Q2XVB4T8WZC5N6R1YHDJF");
    private static final Instant ASKED = Instant.parse("2026-11-25T14:05:00Z");
    private static final Instant DUE = ASKED.plus(Duration.ofDays(30));
    private static final Instant ENDED = ASKED.plus(Duration.ofDays(3));
    private static final PageShell SHELL = new PageShell(Brand.NONE);

    private SampleStatuses() {}

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
                "not_asked",
                "nobody_yet",
                "nobody_asked",
                "answer_again",
                "contradicted",
                "late",
                "kept_for_law");
    }

    static StatusPage page(String situation, Words words) {
        return page(status(situation, "Example Shop", "Customer records"), words);
    }

    static StatusPage page(RequestStatus status, Words words) {
        return page(status, words, Brand.NONE);
    }

    static StatusPage page(RequestStatus status, Words words, Brand brand) {
        var now = status.closedAt() == null ? ASKED.plus(Duration.ofDays(4)) : ENDED;
        if (status.dueAt().isBefore(ASKED)) {
            now = ASKED;
        }
        return new StatusContent(words, brand, status, now, RetentionPeriods.USUAL)
                .page(CODE, new PublicUrl("https://relay.example.com"));
    }

    static String html(String situation, Words words) {
        return html(status(situation, "Example Shop", "Customer records"), words);
    }

    static String html(RequestStatus status, Words words) {
        return html(status, words, SHELL);
    }

    static String html(RequestStatus status, Words words, PageShell shell) {
        return shell.page(
                        "status.jte",
                        new Reader(words, false, ""),
                        Map.of("page", page(status, words, shell.brand())))
                .html();
    }

    static RequestStatus status(String situation, String app, String organisation) {
        var legal = new RequestStatus.Hold(Ground.LEGAL_CLAIMS, ASKED.plus(Duration.ofDays(1)));
        var said = new Maker(Names.of(app), Names.of(organisation));
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
            case "not_asked" -> said.done(said.answer(Outcome.DELETED), said.notAsked());
            case "nobody_yet" -> said.open();
            case "nobody_asked" -> said.done();
            case "answer_again" -> said.open(said.again());
            case "contradicted" -> said.done(said.contradicted());
            case "late" ->
                    said.status(
                            ENDED.minus(Duration.ofDays(1)),
                            ENDED,
                            null,
                            null,
                            said.answer(Outcome.DELETED));
            case "kept_for_law" ->
                    said.status(DUE, ENDED, legal, null, said.answer(Outcome.DELETED));
            default -> throw new IllegalArgumentException(situation);
        };
    }

    /** Makes statuses of an app whose data one organisation holds. */
    private record Maker(Names app, Names organisation) {

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
                    new RequestStatus.App(app, Platform.FACEBOOK, RequestStatus.Way.SIGNED, true),
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

        Part notAsked() {
            return part(DeliveryState.CLOSED, Outcome.UNCONFIRMED, List.of(), null, 0, null, ENDED);
        }

        Part answer(Outcome outcome) {
            return part(DeliveryState.CLOSED, outcome, List.of(), null, 1, ASKED, ENDED);
        }

        Part again() {
            var silent = tried();
            return new Part(
                    organisation,
                    silent.state(),
                    null,
                    List.of(),
                    null,
                    silent.tries(),
                    null,
                    ASKED,
                    false);
        }

        Part contradicted() {
            var answer = answer(Outcome.DELETED);
            return new Part(
                    organisation,
                    answer.state(),
                    answer.outcome(),
                    List.of(),
                    null,
                    answer.tries(),
                    answer.answeredAt(),
                    null,
                    true);
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
            boolean isAnswered = outcome != null && outcome != Outcome.UNCONFIRMED;
            return new Part(
                    organisation,
                    state,
                    outcome,
                    retained,
                    ground,
                    new RequestStatus.Tries(
                            attempts, isAnswered || attempts == 0 ? null : ASKED, acceptedAt),
                    answeredAt,
                    null,
                    false);
        }
    }
}
