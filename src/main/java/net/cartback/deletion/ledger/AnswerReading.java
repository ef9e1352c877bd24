package net.cartback.deletion.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a body that a client system sent says about the deletion. */
public sealed interface AnswerReading {

    /** It holds an answer. */
    record Read(Answer answer) implements AnswerReading {}

    /** It is not a JSON object with an {@code outcome}. */
    record NoOutcome() implements AnswerReading {}

    /** It has an {@code outcome} but breaks a rule. Neither text quotes the body. */
    record Unacceptable(String field, String rule) implements AnswerReading {}

    /**
     * Reads a body: {@code {"outcome": …, "retained": […], "ground": …}}; other fields are ignored.
     */
    static AnswerReading of(byte[] body) {
        JsonNode json;
        try {
            json = Reader.JSON.readTree(body);
        } catch (IOException e) {
            // An object that cannot be read may hold an answer: it must not pass as none.
            return Reader.startsAsObject(body)
                    ? new Unacceptable("body", "must be well-formed JSON with each key once")
                    : new NoOutcome();
        }
        if (json == null || !json.isObject() || !json.has("outcome")) {
            return new NoOutcome();
        }
        try {
            return new Read(Reader.answer(json));
        } catch (Reader.Fault fault) {
            return new Unacceptable(fault.field, fault.rule);
        }
    }

    /** The rules, one by one. */
    final class Reader {

        private static final int MAX_RETAINED = 20;

        private static final JsonMapper JSON =
                JsonMapper.builder(
                                JsonFactory.builder()
                                        .streamReadConstraints(
                                                StreamReadConstraints.builder()
                                                        .maxNestingDepth(32)
                                                        .maxNumberLength(100)
                                                        .build())
                                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                        .build())
                        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                        .build();

        private static final class Fault extends Exception {

            private static final long serialVersionUID = 1L;

            private final String field;
            private final String rule;

            Fault(String field, String rule) {
                super(field + " " + rule);
                this.field = field;
                this.rule = rule;
            }
        }

        private Reader() {}

        private static boolean hasByteOrderMark(byte[] body) {
            return body.length > 3
                    && body[0] == (byte) 0xEF
                    && body[1] == (byte) 0xBB
                    && body[2] == (byte) 0xBF;
        }

        private static boolean startsAsObject(byte[] body) {
            for (int i = hasByteOrderMark(body) ? 3 : 0; i < body.length; i++) {
                byte each = body[i];
                if (!Character.isWhitespace(each)) {
                    return each == '{';
                }
            }
            return false;
        }

        private static Answer answer(JsonNode json) throws Fault {
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
                throw new Fault("retained", "must say what is kept, with outcome retained");
            }
            if (outcome != Outcome.RETAINED && !retained.isEmpty()) {
                throw new Fault("retained", "goes with outcome retained only");
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
            var category =
                    named(Category.values(), item.path("category"))
                            .orElseThrow(
                                    () ->
                                            new Fault(
                                                    path + ".category",
                                                    "must be one of " + names(Category.values())));
            var ground =
                    named(Ground.values(), item.path("ground"))
                            .filter(each -> !each.isOnlyForRefusals())
                            .orElseThrow(
                                    () ->
                                            new Fault(
                                                    path + ".ground",
                                                    "must be one of the grounds for keeping data"));
            var until = item.path("until");
            if (until.isMissingNode() || until.isNull()) {
                return new Retained(category, ground, null);
            }
            try {
                if (until.isTextual()) {
                    return new Retained(category, ground, LocalDate.parse(until.textValue()));
                }
            } catch (DateTimeParseException e) {
                // Falls through to the same fault: the rule is one.
            }
            throw new Fault(path + ".until", "must be a date such as 2032-12-31, or null");
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
}
