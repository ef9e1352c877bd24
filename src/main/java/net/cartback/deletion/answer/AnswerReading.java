package net.cartback.deletion.answer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * The result of reading a body that a client system sent. An answer has one form: a JSON object
 * (RFC 8259, so in UTF-8) with the field {@code outcome}. A body that mentions an outcome in
 * another form is unacceptable, and never counts as a body without an outcome.
 */
public sealed interface AnswerReading {

    /** Where a day ends last. */
    ZoneOffset LAST_ZONE = ZoneOffset.ofHours(-12);

    /** It holds an answer. */
    record Read(Answer answer) implements AnswerReading {}

    /** It speaks of an outcome, but breaks a rule. Neither text quotes the body. */
    record Unacceptable(String field, String rule) implements AnswerReading {}

    /** There is no body. */
    record Empty() implements AnswerReading {}

    /**
     * It is a JSON object that says nothing of an outcome.
     *
     * @param reportsFailure whether it says that something went wrong: then it acknowledges nothing
     */
    record NoOutcome(boolean reportsFailure) implements AnswerReading {}

    /**
     * It is something else, and says nothing of an outcome: a page, a text, a list.
     *
     * @param isJson whether it is a JSON list
     */
    record NoAnswer(boolean isJson) implements AnswerReading {}

    /**
     * Reads a body: {@code {"outcome": …, "retained": […], "ground": …}}; other fields are ignored.
     */
    static AnswerReading of(byte[] body) {
        return body.length == 0 ? new Empty() : Reader.read(body);
    }

    /**
     * Checks this reading as an answer to a delivery. An answer is a mistake if it keeps data until
     * a day that had ended everywhere on earth when the delivery was made. Once such an answer is
     * recorded, only an operator could correct it.
     *
     * @param made when the delivery was made; not the current time, so that the same answer always
     *     has the same meaning
     */
    default AnswerReading toDeliveryOf(Instant made) {
        var day = LocalDate.ofInstant(made, LAST_ZONE);
        if (this instanceof Read(var answer)) {
            for (int i = 0; i < answer.retained().size(); i++) {
                var until = answer.retained().get(i).until();
                if (until != null && until.isBefore(day)) {
                    return new Unacceptable(
                            "retained[" + i + "].until",
                            "must not be before the day of the delivery");
                }
            }
        }
        return this;
    }

    /** Reads the beginning of a body whose rest nobody knows: it holds no answer. */
    static AnswerReading ofBeginning(byte[] beginning) {
        return OutcomeSearch.finds(beginning)
                ? new Unacceptable("body", "must be complete and at most 64 KiB long")
                : new NoAnswer(false);
    }

    /** From bytes to JSON. */
    final class Reader {

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

        private Reader() {}

        private static AnswerReading read(byte[] body) {
            var text = text(body);
            if (text == null) {
                return unread(body, "must be JSON in UTF-8");
            }
            JsonNode json;
            try {
                json = JSON.readTree(text);
            } catch (JsonProcessingException e) {
                // An object that cannot be read may hold an answer: it must not pass as none.
                return text.stripLeading().startsWith("{")
                        ? new Unacceptable(
                                "body",
                                "must be well-formed JSON with each key once, and without NaN")
                        : unread(body, "must be a JSON object with an outcome, and nothing else");
            }
            if (json.isObject() && json.has("outcome")) {
                return answer(json);
            }
            if (json.isTextual()) {
                return unread(
                        json.textValue().getBytes(UTF_8), "must be a JSON object with an outcome");
            }
            if (OutcomeSearch.finds(json)) {
                return new Unacceptable(
                        "outcome",
                        "must be a field of the outermost JSON object, spelt in lower case");
            }
            return json.isObject()
                    ? new NoOutcome(FailureReport.isIn(json))
                    : new NoAnswer(json.isArray());
        }

        private static AnswerReading answer(JsonNode json) {
            if (OutcomeSearch.findsAnotherName(json)) {
                return new Unacceptable("outcome", "must be given only once, in any spelling");
            }
            try {
                return new Read(AnswerRules.answer(json));
            } catch (AnswerRules.Fault fault) {
                return new Unacceptable(fault.field(), fault.rule());
            }
        }

        private static AnswerReading unread(byte[] body, String rule) {
            return OutcomeSearch.finds(body) ? new Unacceptable("body", rule) : new NoAnswer(false);
        }

        /** Without a byte order mark, which RFC 8259 lets a reader pass over; null: no UTF-8. */
        private static @Nullable String text(byte[] body) {
            try {
                var text = UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
                return text.startsWith("\uFEFF") ? text.substring(1) : text;
            } catch (CharacterCodingException e) {
                return null;
            }
        }
    }
}
