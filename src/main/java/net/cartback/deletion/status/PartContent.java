package net.cartback.deletion.status;

import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus.Part;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.status.StatusPage.Row;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What each organisation has said, and when; of one that is silent, what was tried. Pure. */
final class PartContent extends Content {

    private final boolean isPerson;

    /**
     * @param isPerson whether the person asked otherwise than through Meta
     */
    PartContent(Words words, boolean isPerson) {
        super(words);
        this.isPerson = isPerson;
    }

    List<StatusPage.Part> of(List<Part> parts) {
        var content = new ArrayList<StatusPage.Part>();
        for (int i = 0; i < parts.size(); i++) {
            content.add(one(parts.get(i), i + 1));
        }
        return content;
    }

    private StatusPage.Part one(Part part, int number) {
        var outcome = part.outcome();
        var said =
                switch (part.state()) {
                    case PENDING, AWAITING_RECEIPT, PARKED -> part.state().wireName();
                    // Without an outcome, nobody has said anything.
                    case CLOSED ->
                            outcome == null
                                    ? "pending"
                                    : part.isGivenUp() && part.tries().firstAt() == null
                                            ? "not_asked"
                                            : outcome.wireName();
                };
        return new StatusPage.Part(
                name(part, number),
                part.isContradicted()
                        ? List.of(say("part." + said), say("part.contradicted"))
                        : List.of(say("part." + said)),
                particulars(part));
    }

    /** A name that shows nothing, or that nobody has chosen, is a number. */
    private Sentence name(Part part, int number) {
        var name = new Value.Name(part.systemName().in(words.language()));
        return name.name().isEmpty() || name.name().equals(ClientSystem.NO_PUBLIC_NAME)
                ? words.say("part.unnamed", Map.of("number", new Value.Count(number)))
                : show(name);
    }

    /** When it was said, or what was tried; then each thing that is kept or refused. */
    private List<List<Row>> particulars(Part part) {
        var all = new ArrayList<List<Row>>();
        var before = part.answeredBefore();
        if (before != null) {
            all.add(List.of(row("part.answered_before", moment(before))));
        }
        all.add(part.isAnswered() ? answered(part) : tried(part));
        part.retained().forEach(kept -> all.add(kept(kept)));
        var ground = part.ground();
        if (ground != null) {
            all.add(
                    List.of(
                            new Row(say("part.why"), List.of(say("ground." + ground.wireName()))),
                            new Row(say("part.change"), List.of(say(change(ground))))));
        }
        return all.stream().filter(rows -> !rows.isEmpty()).toList();
    }

    private String change(Ground ground) {
        return isPerson && ground == Ground.IDENTITY_NOT_ESTABLISHED
                ? "change.identity.person"
                : "change." + ground.wireName();
    }

    private List<Row> answered(Part part) {
        var at = part.answeredAt();
        return at == null ? List.of() : List.of(row("part.answered", moment(at)));
    }

    private List<Row> tried(Part part) {
        var rows = new ArrayList<Row>();
        var tries = part.tries();
        if (tries.firstAt() != null) {
            var label = part.answeredBefore() == null ? "part.asked" : "part.asked_again";
            rows.add(row(label, moment(tries.firstAt())));
            rows.add(row("part.attempts", new Value.Count(tries.attempts())));
        }
        if (tries.acceptedAt() != null) {
            rows.add(row("part.accepted", moment(tries.acceptedAt())));
        }
        var at = part.answeredAt();
        if (at != null && part.isGivenUp() && tries.firstAt() != null) {
            rows.add(row("part.ended", moment(at)));
        }
        return rows;
    }

    private List<Row> kept(Retained kept) {
        var until = kept.until();
        return List.of(
                new Row(say("part.keeps"), List.of(say("category." + kept.category().wireName()))),
                new Row(
                        say("part.why"),
                        List.of(say("ground." + kept.ground().wireName()), say("kept.use"))),
                new Row(
                        say("part.until"),
                        List.of(
                                until == null
                                        ? say("part.until.open")
                                        : show(new Value.Day(until)))));
    }
}
