package net.cartback.deletion.answer;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.terms.WireName;

import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.time.temporal.ValueRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The rules of an answer, one by one: from a JSON object with an {@code outcome}. */
final class AnswerRules {

    private static final Ground[] GROUNDS_TO_KEEP =
            Arrays.stream(Ground.values())
                    .filter(each -> !each.isOnlyForRefusals())
                    .toArray(Ground[]::new);

    private static final int MAX_RETAINED = 20;

    /** A person reads it: what is no date of this century or the next is a mistake. */
    private static final ValueRange YEARS = ValueRange.of(2000, 2199);

    /** A rule that is broken. Neither text quotes the answer. */
    static final class Fault extends Exception {

        private static final long serialVersionUID = 1L;

        private final String field;
        private final String rule;

        private Fault(String field, String rule) {
            super(field + " " + rule, null, false, false);
            this.field = field;
            this.rule = rule;
        }

        String field() {
            return field;
        }

        String rule() {
            return rule;
        }
    }

    private AnswerRules() {}

    static Answer answer(JsonNode json) throws Fault {
        var outcome =
                named(Outcome.values(), json.get("outcome"))
                        .filter(each -> each != Outcome.UNCONFIRMED)
                        .orElseThrow(
                                () ->
                                        new Fault(
                                                "outcome",
                                                "must be deleted, nothing_found, retained or"
                                                        + " refused"));
        var retained = retained(json.path("retained"));
        if (outcome == Outcome.RETAINED && retained.isEmpty()) {
            throw new Fault("retained", "must name what data is kept, with outcome retained");
        }
        if (outcome != Outcome.RETAINED && !retained.isEmpty()) {
            throw new Fault("retained", "is allowed only with outcome retained");
        }
        boolean allGone = outcome == Outcome.DELETED || outcome == Outcome.NOTHING_FOUND;
        if (allGone && json.hasNonNull("ground")) {
            throw new Fault("ground", "is allowed only with outcome refused");
        }
        if (outcome != Outcome.REFUSED) {
            return new Answer(outcome, retained, null);
        }
        var ground =
                named(Ground.values(), json.path("ground"))
                        .orElseThrow(
                                () ->
                                        new Fault(
                                                "ground",
                                                "must be one of " + names(Ground.values())));
        return new Answer(outcome, retained, ground);
    }

    private static List<Retained> retained(JsonNode list) throws Fault {
        if (list.isMissingNode() || list.isNull()) {
            return List.of();
        }
        if (!list.isArray() || list.size() > MAX_RETAINED) {
            throw new Fault("retained", "must be a list of at most " + MAX_RETAINED);
        }
        var retained = new ArrayList<Retained>();
        for (int i = 0; i < list.size(); i++) {
            retained.add(retained("retained[" + i + "]", list.get(i)));
        }
        return retained;
    }

    private static Retained retained(String path, JsonNode item) throws Fault {
        if (!item.isObject()) {
            throw new Fault(path, "must be an object with category and ground");
        }
        var category =
                named(Category.values(), item.path("category"))
                        .orElseThrow(
                                () ->
                                        new Fault(
                                                path + ".category",
                                                "must be one of " + names(Category.values())));
        var ground =
                named(GROUNDS_TO_KEEP, item.path("ground"))
                        .orElseThrow(
                                () ->
                                        new Fault(
                                                path + ".ground",
                                                "must be one of " + names(GROUNDS_TO_KEEP)));
        var until = item.path("until");
        if (until.isMissingNode() || until.isNull()) {
            return new Retained(category, ground, null);
        }
        try {
            if (until.isTextual()) {
                var date = LocalDate.parse(until.textValue());
                if (YEARS.isValidValue(date.getYear())) {
                    return new Retained(category, ground, date);
                }
            }
        } catch (DateTimeParseException e) {
            // Falls through to the same fault: the rule is one.
        }
        throw new Fault(
                path + ".until", "must be a date from 2000 to 2199 such as 2032-12-31, or null");
    }

    private static String names(WireName[] values) {
        return String.join(", ", Arrays.stream(values).map(WireName::wireName).toList());
    }

    private static <E extends Enum<E> & WireName> Optional<E> named(E[] values, JsonNode text) {
        return Arrays.stream(values)
                .filter(each -> text.isTextual() && each.wireName().equals(text.textValue()))
                .findFirst();
    }
}
