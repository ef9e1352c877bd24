package net.cartback.deletion.status;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.status.StatusPage.Row;
import net.cartback.deletion.terms.ConfirmationCode;

import java.util.ArrayList;
import java.util.List;

/** What was asked, when and of whom, and where it stands: a list of facts. Pure. */
final class FactContent extends Content {

    private final Brand brand;
    private final RequestStatus status;
    private final boolean isPerson;

    FactContent(Words words, Brand brand, RequestStatus status) {
        super(words);
        this.brand = brand;
        this.status = status;
        this.isPerson = status.app().way() == RequestStatus.Way.PERSON;
    }

    private String origin() {
        return switch (status.app().way()) {
            case SIGNED -> "origin.signed";
            case LIST -> "origin.list";
            case PERSON -> "origin.person";
        };
    }

    /** The rows of the list, for the request of this code. */
    List<Row> of(ConfirmationCode code) {
        var facts = new ArrayList<Row>();
        facts.add(
                new Row(
                        say("fact.code"),
                        List.of(show(new Value.Code(grouped(code))), say("fact.code.use"))));
        facts.add(row("fact.app", new Value.Name(status.app().name().in(words.language()))));
        if (!isPerson) {
            facts.add(
                    new Row(
                            say("fact.platform"),
                            List.of(say("platform." + status.app().platform().wireName()))));
        }
        if (brand.name() != null) {
            facts.add(row("fact.handler", new Value.Name(brand.name().in(words.language()))));
        }
        facts.add(
                new Row(
                        say("fact.asked"),
                        List.of(
                                say(isPerson ? "fact.asked.person" : "fact.asked.deletion"),
                                say(origin()))));
        facts.add(row("fact.received", moment(status.receivedAt())));
        addDates(facts);
        if (!status.parts().isEmpty()) {
            facts.add(
                    row(
                            isPerson ? "fact.organisations.person" : "fact.organisations",
                            new Value.Count(status.parts().size())));
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

    /** In groups, as it is easy to read out. */
    private static String grouped(ConfirmationCode code) {
        return String.join(" ", code.value().split("(?<=\\G.{5})", -1));
    }
}
