package net.cartback.deletion.status;

import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;
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
final class StatusContent extends Content {

    private final Brand brand;
    private final RequestStatus status;
    private final Instant now;
    private final RetentionPeriods periods;
    private final Situation situation;

    /** Who asked otherwise than through Meta is told nothing that is true of Meta's ids alone. */
    private final boolean isPerson;

    /**
     * @param periods how long after a request's end the relay erases what it knows of the person,
     *     and drops the rest
     */
    StatusContent(
            Words words, Brand brand, RequestStatus status, Instant now, RetentionPeriods periods) {
        super(words);
        this.brand = brand;
        this.status = status;
        this.now = now;
        this.periods = periods;
        this.situation = Situation.of(status, now);
        this.isPerson = status.app().way() == RequestStatus.Way.PERSON;
    }

    /** The whole page. */
    StatusPage page(ConfirmationCode code, PublicUrl publicUrl) {
        return new StatusPage(
                title(),
                lead(),
                words.say("frame.now", Map.of("now", moment(now))),
                new FactContent(words, brand, status).of(code),
                new PartContent(words, isPerson).of(status.parts()),
                sections(),
                situation.isFinished(),
                "/status/" + code.value(),
                Map.of(
                        "label", new Value.Name(say("record.address").text()),
                        "value", new Value.Code(publicUrl.ofStatus(code))));
    }

    private Sentence title() {
        return say(
                switch (situation) {
                    case NOBODY_YET -> either("nobody_yet.title", "nobody_yet.title.person");
                    // Whoever cannot search by what is verified was not asked.
                    case NOTHING_FOUND ->
                            either("nothing_found.title", "nothing_found.title.person");
                    default -> situation.key() + ".title";
                });
    }

    private String leadKey() {
        return switch (situation) {
            case NOBODY_YET -> either("nobody_yet.lead", "nobody_yet.lead.person");
            case NOBODY_ASKED -> either("nobody_asked.lead", "nobody_asked.lead.person");
            case NOTHING_FOUND -> either("nothing_found.lead", "scope.asked.person");
            case UNCONFIRMED ->
                    isSilentAfterAll() ? "unconfirmed.lead" : "unconfirmed.lead.not_asked";
            default -> situation.key() + ".lead";
        };
    }

    /** Whether one was asked that was then given up; else it never was. */
    private boolean isSilentAfterAll() {
        return status.parts().stream()
                .anyMatch(part -> part.isGivenUp() && part.tries().firstAt() != null);
    }

    private String either(String ofMeta, String ofPerson) {
        return isPerson ? ofPerson : ofMeta;
    }

    private List<Sentence> lead() {
        var lead = new ArrayList<Sentence>();
        var hold = status.hold();
        if (isLate()) {
            lead.add(words.say("lead.late", Map.of("due", moment(status.dueAt()))));
        }
        lead.add(words.say(leadKey(), Map.of("since", moment(hold == null ? now : hold.since()))));
        if (hold != null && situation == Situation.HELD) {
            lead.add(reason(hold.ground()));
        }
        lead.add(say(isAnythingDeclined() ? "todo.read" : "todo.nothing"));
        return lead;
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
            case NOBODY_YET -> List.of(say(either("next.nobody", "next.nobody.person")));
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
                scope.add(words.say(either("scope.covers", "scope.covers.person"), app));
                if (isPerson) {
                    scope.add(say("scope.asked.person"));
                }
                scope.add(say(either("scope.not", "scope.not.person")));
                if (brand.backups() != null) {
                    scope.add(show(Value.Text.of(brand.backups(), words.language())));
                }
                scope.add(say("scope.backups"));
            }
            case NOTHING_FOUND -> {
                scope.add(words.say(either("scope.searched", "scope.searched.person"), app));
                scope.add(say(either("scope.elsewhere", "scope.elsewhere.person")));
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
        if (situation == Situation.UNCONFIRMED && isSilentAfterAll()) {
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

    private Sentence reason(Ground ground) {
        return say("ground." + ground.wireName());
    }

    private Sentence reason(WireName extension) {
        return say("extension." + extension.wireName());
    }
}
