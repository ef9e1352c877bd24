package net.cartback.deletion.status;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.reading.RequestStatus.Part;
import net.cartback.deletion.status.StatusPage.Line;
import net.cartback.deletion.status.StatusPage.Section;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.web.Words;

import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Puts a request's state into sentences that a person understands, and says no more than the
 * receipts say. Pure.
 */
final class StatusSentences {

    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

    private final Words words;
    private final RequestStatus status;
    private final Instant now;
    private final Period eraseAfter;

    /**
     * @param eraseAfter how long after a request's end the relay erases what it knows of the person
     */
    StatusSentences(Words words, RequestStatus status, Instant now, Period eraseAfter) {
        this.words = words;
        this.status = status;
        this.now = now;
        this.eraseAfter = eraseAfter;
    }

    /** The whole page. */
    StatusPage page(ConfirmationCode code) {
        return new StatusPage(
                String.join(" ", code.value().split("(?<=\\G.{5})", -1)),
                words.say("status.headline." + situation()),
                meaning(),
                facts(),
                Stream.of(
                                section(
                                        "status.kept.title",
                                        status.retained().stream().map(this::kept).toList()),
                                section(
                                        "status.refused.title",
                                        status.refused().stream().map(this::refused).toList()),
                                section(
                                        "status.systems.title",
                                        status.parts().stream().map(this::said).toList()))
                        .flatMap(List::stream)
                        .toList(),
                next());
    }

    private List<Section> section(String title, List<Line> lines) {
        return lines.isEmpty() ? List.of() : List.of(new Section(words.say(title), lines));
    }

    /** What the headline and its meaning are about. */
    private String situation() {
        if (isHeld()) {
            return "held";
        }
        return switch (status.state(now)) {
            case RECEIVED, IN_PROGRESS, DELAYED -> status.state(now).wireName();
            case COMPLETED ->
                    status.parts().isEmpty()
                            ? "nobody_asked"
                            : status.outcome().orElseThrow().wireName();
        };
    }

    /** A hold on what is completed keeps the record, and stops nothing. */
    private boolean isHeld() {
        return status.hold() != null && status.closedAt() == null;
    }

    private String meaning() {
        var hold = status.hold();
        return words.say(
                "status.meaning." + situation(),
                Map.of(
                        "since", hold == null ? "" : moment(hold.since()),
                        "reason", hold == null ? "" : reason(hold.ground()),
                        "confirmed", Integer.toString(status.confirmed()),
                        "total", Integer.toString(status.parts().size()),
                        "due", moment(status.dueAt())));
    }

    private List<String> next() {
        var complain = words.say("status.next.complain");
        if (isHeld()) {
            return List.of(words.say("status.next.held"), complain);
        }
        return switch (status.state(now)) {
            case RECEIVED, IN_PROGRESS ->
                    List.of(words.say("status.next.open", Map.of("due", moment(status.dueAt()))));
            case DELAYED -> List.of(words.say("status.next.delayed"));
            case COMPLETED ->
                    List.of(
                            status.refused().isEmpty() && status.retained().isEmpty()
                                    ? words.say("status.next.finished")
                                    : complain,
                            words.say("status.next.erased", Map.of("period", period())));
        };
    }

    /** {@code P35D} as 35 days, {@code P1Y2M} as 1 year, 2 months. */
    private String period() {
        var parts = new ArrayList<String>();
        add(parts, "years", eraseAfter.getYears());
        add(parts, "months", eraseAfter.getMonths());
        add(parts, "days", eraseAfter.getDays());
        return String.join(", ", parts);
    }

    private void add(List<String> parts, String unit, int number) {
        if (number != 0) {
            parts.add(
                    words.say(
                            "period." + unit + (number == 1 ? ".one" : ""),
                            Map.of(unit, Integer.toString(number))));
        }
    }

    private List<Line> facts() {
        var facts = new ArrayList<Line>();
        facts.add(fact("received", moment(status.receivedAt())));
        if (status.closedAt() == null) {
            facts.add(fact("due", moment(status.dueAt())));
            facts.add(fact("changed", moment(status.updatedAt())));
        } else {
            facts.add(fact("finished", moment(status.closedAt())));
        }
        var extension = status.extension();
        if (extension != null) {
            facts.add(
                    fact(
                            "extended",
                            Map.of(
                                    "at", moment(extension.at()),
                                    "was_due", moment(extension.wasDueAt()),
                                    "reason", reason(extension.ground()))));
        }
        var hold = status.hold();
        if (hold != null) {
            facts.add(
                    fact(
                            "held",
                            Map.of(
                                    "since", moment(hold.since()),
                                    "reason", reason(hold.ground()))));
        }
        facts.add(
                fact(
                        "answers",
                        Map.of(
                                "confirmed", Integer.toString(status.confirmed()),
                                "total", Integer.toString(status.parts().size()))));
        return facts;
    }

    private Line fact(String name, String value) {
        return new Line(words.say("status.fact." + name), value);
    }

    private Line fact(String name, Map<String, String> values) {
        return fact(name, words.say("status.fact." + name + ".value", values));
    }

    private Line said(Part part) {
        var outcome = part.outcome();
        var said =
                switch (part.state()) {
                    case PENDING, AWAITING_RECEIPT, PARKED -> part.state().wireName();
                    // Without an outcome, nobody has said anything.
                    case CLOSED -> outcome == null ? "pending" : outcome.wireName();
                };
        return new Line(part.systemName(), words.say("status.system." + said));
    }

    private Line kept(Retained retained) {
        var category = words.say("category." + retained.category().wireName());
        var reason = reason(retained.ground());
        var until = retained.until();
        return new Line(
                category,
                until == null
                        ? words.say("status.kept.as_long", Map.of("reason", reason))
                        : words.say(
                                "status.kept.until",
                                Map.of("reason", reason, "until", DAY.format(until))));
    }

    private Line refused(Ground ground) {
        return new Line(words.say("status.refused.data"), reason(ground));
    }

    private String reason(Ground ground) {
        return words.say("ground." + ground.wireName());
    }

    private String reason(ExtensionGround ground) {
        return words.say("extension." + ground.wireName());
    }

    private static String moment(Instant at) {
        return MOMENT.format(at);
    }
}
