package net.cartback.deletion.status;

import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.status.StatusPage.Row;
import net.cartback.deletion.status.StatusPage.Section;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;
import net.cartback.deletion.terms.WireName;

import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Chooses the sentences for where a request stands, and says no more than the receipts say. Which
 * contents each situation must have, and by which law, stands in {@code docs/STATUS-PAGE.md}. Pure.
 */
final class StatusContent {

    private final Words words;
    private final Brand brand;
    private final RequestStatus status;
    private final Instant now;
    private final RetentionPeriods periods;
    private final Situation situation;

    /**
     * @param periods how long after a request's end the relay erases what it knows of the person,
     *     and drops the rest
     */
    StatusContent(
            Words words, Brand brand, RequestStatus status, Instant now, RetentionPeriods periods) {
        this.words = words;
        this.brand = brand;
        this.status = status;
        this.now = now;
        this.periods = periods;
        this.situation = Situation.of(status, now);
    }

    /** The whole page. */
    StatusPage page(ConfirmationCode code, PublicUrl publicUrl) {
        return new StatusPage(
                say(situation.key() + ".title"),
                lead(),
                words.say("frame.now", Map.of("now", moment(now))),
                facts(code),
                new PartContent(words).of(status.parts()),
                sections(),
                situation.isFinished(),
                "/status/" + code.value(),
                Map.of(
                        "label", new Value.Name(say("record.address").text()),
                        "value", new Value.Code(publicUrl.ofStatus(code))));
    }

    private List<Sentence> lead() {
        var lead = new ArrayList<Sentence>();
        var hold = status.hold();
        if (isLate()) {
            lead.add(words.say("lead.late", Map.of("due", moment(status.dueAt()))));
        }
        lead.add(
                words.say(
                        situation.key() + ".lead",
                        Map.of("since", moment(hold == null ? now : hold.since()))));
        if (hold != null && situation == Situation.HELD) {
            lead.add(reason(hold.ground()));
        }
        lead.add(say(isAnythingDeclined() ? "todo.read" : "todo.nothing"));
        return lead;
    }

    private List<Row> facts(ConfirmationCode code) {
        var facts = new ArrayList<Row>();
        facts.add(
                new Row(
                        say("fact.code"),
                        List.of(show(new Value.Code(grouped(code))), say("fact.code.use"))));
        facts.add(row("fact.app", app()));
        facts.add(
                new Row(
                        say("fact.platform"),
                        List.of(say("platform." + status.app().platform().wireName()))));
        if (brand.name() != null) {
            facts.add(row("fact.handler", new Value.Name(brand.name().in(words.language()))));
        }
        facts.add(
                new Row(
                        say("fact.asked"),
                        List.of(
                                say("fact.asked.deletion"),
                                say(status.app().isSigned() ? "origin.signed" : "origin.list"))));
        facts.add(row("fact.received", moment(status.receivedAt())));
        addDates(facts);
        if (!status.parts().isEmpty()) {
            facts.add(row("fact.organisations", new Value.Count(status.parts().size())));
            facts.add(row("fact.told", new Value.Count(told())));
            facts.add(row("fact.answered", new Value.Count(status.confirmed())));
        }
        return facts;
    }

    private void addDates(List<Row> facts) {
        var extension = status.extension();
        if (extension != null) {
            facts.add(row("fact.was_due", moment(extension.wasDueAt())));
            facts.add(row("fact.extended", moment(extension.at())));
        }
        var hold = status.hold();
        if (hold != null) {
            facts.add(row("fact.held", moment(hold.since())));
        }
        var closedAt = status.closedAt();
        facts.add(row("fact.due", moment(status.dueAt())));
        if (closedAt != null) {
            facts.add(row("fact.finished", moment(closedAt)));
        }
    }

    /** How many have it, as far as they say so. */
    private int told() {
        return (int)
                status.parts().stream()
                        .filter(part -> part.tries().acceptedAt() != null || part.isAnswered())
                        .count();
    }

    private List<Section> sections() {
        var sections = new ArrayList<Section>();
        var extension = status.extension();
        if (extension != null) {
            sections.add(
                    section(
                            "extension.title",
                            List.of(reason(extension.ground()), say("extension.once"))));
        }
        sections.add(section("next.title", next()));
        var scope = scope();
        if (!scope.isEmpty()) {
            sections.add(section("scope.title", scope));
        }
        sections.add(section("rights.title", rights()));
        sections.add(section("record.title", record()));
        return sections;
    }

    private List<Sentence> next() {
        return switch (situation) {
            case RECEIVED, IN_PROGRESS ->
                    List.of(words.say("next.open", Map.of("due", moment(status.dueAt()))));
            case DELAYED, ANSWER_AGAIN -> List.of(say("next.delayed"));
            case NOBODY_YET -> List.of(say("next.nobody"));
            case HELD -> List.of(say("next.held"), say("next.held.parts"));
            case DELETED, RETAINED, NOTHING_FOUND, REFUSED, UNCONFIRMED ->
                    List.of(say("next.finished"), say("next.corrected"));
            case NOBODY_ASKED -> List.of(say("next.finished"));
        };
    }

    private List<Sentence> scope() {
        var app = Map.of("app", app());
        var scope = new ArrayList<Sentence>();
        switch (situation) {
            case DELETED, RETAINED, UNCONFIRMED -> {
                scope.add(words.say("scope.covers", app));
                scope.add(say("scope.not"));
                if (brand.backups() != null) {
                    scope.add(show(Value.Text.of(brand.backups(), words.language())));
                }
                scope.add(say("scope.backups"));
            }
            case NOTHING_FOUND -> {
                scope.add(words.say("scope.searched", app));
                scope.add(say("scope.elsewhere"));
                scope.add(say("scope.meta"));
            }
            case RECEIVED,
                    IN_PROGRESS,
                    DELAYED,
                    NOBODY_YET,
                    ANSWER_AGAIN,
                    HELD,
                    REFUSED,
                    NOBODY_ASKED -> {}
        }
        return scope;
    }

    private List<Sentence> rights() {
        var rights = new ArrayList<Sentence>();
        var complaints = brand.complaintsOrContact();
        if (complaints != null) {
            rights.add(words.say("rights.us", Map.of("contact", Value.Link.to(complaints))));
        }
        rights.add(say("rights.authority"));
        if (brand.authority() != null) {
            rights.add(
                    words.say(
                            "rights.authority.named",
                            Map.of("authority", authority(brand.authority()))));
        }
        if (isShort()) {
            rights.add(say("rights.court"));
        }
        if (situation == Situation.UNCONFIRMED) {
            rights.add(say("rights.former"));
        }
        if (situation.isFinished()
                && situation != Situation.DELETED
                && status.app().takesRequests()) {
            rights.add(say("rights.again"));
        }
        return rights;
    }

    private Value authority(Brand.Authority authority) {
        var name = authority.name().in(words.language());
        return authority.page() == null
                ? new Value.Name(name)
                : new Value.Link(authority.page().link(), name);
    }

    private Value app() {
        return new Value.Name(status.app().name().in(words.language()));
    }

    /** Whether something was not done that was asked for, or not in time (GDPR article 12(4)). */
    private boolean isShort() {
        return isAnythingDeclined()
                || status.hold() != null
                || status.extension() != null
                || isLate()
                || situation == Situation.UNCONFIRMED
                || situation == Situation.NOBODY_ASKED;
    }

    /** One that was opened again had been finished before; when, is not known any more. */
    private boolean isLate() {
        var end = status.closedAt() == null ? now : status.closedAt();
        return end.isAfter(status.dueAt())
                && status.parts().stream().allMatch(part -> part.answeredBefore() == null);
    }

    private boolean isAnythingDeclined() {
        return status.parts().stream()
                .anyMatch(part -> part.ground() != null || !part.retained().isEmpty());
    }

    private List<Sentence> record() {
        var record = new ArrayList<Sentence>();
        var closedAt = status.closedAt();
        var hold = status.hold();
        if (hold != null) {
            record.add(say("record.held"));
            if (situation.isFinished()) {
                record.add(reason(hold.ground()));
            }
        } else if (closedAt == null) {
            record.add(say("record.open"));
        } else {
            record.add(
                    words.say(
                            "record.erase", Map.of("erased", day(closedAt, periods.eraseAfter()))));
            record.add(
                    words.say("record.page", Map.of("until", day(closedAt, periods.recordFor()))));
        }
        record.add(say("record.print"));
        if (situation.isFinished()) {
            record.add(say("record.proof"));
        }
        return record;
    }

    private static Value day(Instant from, Period later) {
        return new Value.Day(from.atZone(ZoneOffset.UTC).plus(later).toLocalDate());
    }

    private Section section(String title, List<Sentence> sentences) {
        return new Section(say(title), sentences);
    }

    private Row row(String label, Value value) {
        return new Row(say(label), List.of(show(value)));
    }

    private Sentence reason(Ground ground) {
        return say("ground." + ground.wireName());
    }

    private Sentence reason(WireName extension) {
        return say("extension." + extension.wireName());
    }

    private Sentence say(String key) {
        return words.say(key);
    }

    private Sentence show(Value value) {
        return words.show(value);
    }

    private static Value moment(Instant at) {
        return new Value.Moment(at);
    }

    /** In groups, as it is easy to read out. */
    private static String grouped(ConfirmationCode code) {
        return String.join(" ", code.value().split("(?<=\\G.{5})", -1));
    }
}
