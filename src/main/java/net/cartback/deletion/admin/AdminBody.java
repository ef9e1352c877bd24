package net.cartback.deletion.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.http.Context;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.operation.Replay;
import net.cartback.deletion.reading.DeliveryView;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.WireName;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.RequestBody;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The JSON object that a verb is sent with: who, why, and what else the verb takes. Every fault
 * names its field and the rule.
 */
final class AdminBody {

    private static final int MAX_BODY_BYTES = 16 * 1024;
    private static final int MAX_NAME = 40;

    /** What a column of the database can hold, and what has an ISO 8601 form. */
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant LATEST = Instant.parse("+10000-01-01T00:00:00Z");

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

    private final Actor actor;
    private final byte[] bytes;
    private final JsonNode json;

    private AdminBody(Actor actor, byte[] bytes, JsonNode json) {
        this.actor = actor;
        this.bytes = bytes;
        this.json = json;
    }

    /** Reads the body of a verb that takes these fields beside {@code by} and {@code why}. */
    static AdminBody of(Context ctx, String... fields) {
        return of(ctx, MAX_BODY_BYTES, fields);
    }

    /** As {@link #of}, of at most so many bytes. */
    static AdminBody of(Context ctx, int maxBytes, String... fields) {
        var bytes = RequestBody.read(ctx, maxBytes);
        var json = object(bytes);
        var known = new HashSet<>(List.of(fields));
        known.addAll(List.of("by", "why"));
        for (var name : (Iterable<String>) json::fieldNames) {
            if (!known.contains(name)) {
                // Its name is whatever was sent, and so is for the caller alone.
                throw ProblemException.withField(
                        400,
                        "malformed",
                        "body",
                        shown(name)
                                + " is no field of this body; it may hold "
                                + String.join(", ", known.stream().sorted().toList()));
            }
        }
        return new AdminBody(Guard.caller(ctx).actor(), bytes, json);
    }

    /** Reads a body that is a JSON object. */
    static ObjectNode object(Context ctx, int maxBytes) {
        return object(RequestBody.read(ctx, maxBytes));
    }

    private static ObjectNode object(byte[] bytes) {
        try {
            if (JSON.readTree(bytes) instanceof ObjectNode object) {
                return object;
            }
            throw malformed("");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw malformed(
                    at == null
                            ? ""
                            : "; the error is at line %d, column %d"
                                    .formatted(at.getLineNr(), at.getColumnNr()));
        } catch (IOException e) {
            throw malformed("");
        }
    }

    /** A name that was sent, as far as it can be one. */
    private static String shown(String name) {
        var printable = name.replaceAll("[^\\p{Graph}]", "?");
        return printable.length() <= MAX_NAME ? printable : printable.substring(0, MAX_NAME) + "…";
    }

    /** Whether a field is there, and not null. */
    boolean has(String field) {
        return json.hasNonNull(field);
    }

    /** Whatever stands in a field. */
    JsonNode field(String field) {
        return json.path(field);
    }

    OperatorNote note() {
        return new OperatorNote(
                actor, text("by", OperatorNote.MAX_BY), text("why", OperatorNote.MAX_WHY));
    }

    /** Whether it shall only be counted what would be done. */
    boolean isDryRun() {
        var value = json.path("dry_run");
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw fault("dry_run", "must be true or false");
        }
        return value.asBoolean(false);
    }

    /** One word of a closed list. */
    <E extends Enum<E> & WireName> E word(String field, E[] words, Predicate<E> allowed) {
        var text = json.path(field).textValue();
        return Arrays.stream(words)
                .filter(allowed)
                .filter(each -> each.wireName().equals(text))
                .findFirst()
                .orElseThrow(
                        () ->
                                fault(
                                        field,
                                        "must be "
                                                + Arrays.stream(words)
                                                        .filter(allowed)
                                                        .map(WireName::wireName)
                                                        .collect(Collectors.joining(" or "))));
    }

    /** A number of days. */
    int days(int most) {
        var days = json.path("days");
        if (!days.isInt() || days.intValue() < 1 || days.intValue() > most) {
            throw fault(
                    "days",
                    "must be a whole number from 1 to "
                            + most
                            + "; a request can be extended only once, so the days that are not"
                            + " used are lost");
        }
        return days.intValue();
    }

    Instant requiredInstant(String field) {
        var instant = instant(field);
        if (instant == null) {
            throw fault(field, "is required");
        }
        return instant;
    }

    Answer answer() {
        return switch (AnswerReading.of(bytes)) {
            case AnswerReading.Read(var answer) -> answer;
            case AnswerReading.Empty _, AnswerReading.NoOutcome _, AnswerReading.NoAnswer _ ->
                    throw fault("outcome", "is required");
            case AnswerReading.Unacceptable(var field, var rule) -> throw fault(field, rule);
        };
    }

    Replay replay() {
        var from = instant("from");
        var to = instant("to");
        if (from != null && to != null && !from.isBefore(to)) {
            throw fault("to", "must be after from");
        }
        return new Replay(from, to, states(), error());
    }

    private Set<DeliveryView.State> states() {
        var list = json.path("states");
        if (list.isMissingNode()) {
            return Replay.STATES;
        }
        var states = EnumSet.noneOf(DeliveryView.State.class);
        for (var each : list) {
            Replay.STATES.stream()
                    .filter(state -> state.wireName().equals(each.textValue()))
                    .findFirst()
                    .ifPresentOrElse(
                            states::add,
                            () -> {
                                throw fault(
                                        "states", "may hold pending, awaiting_receipt and parked");
                            });
        }
        if (states.isEmpty()) {
            throw fault("states", "must hold at least one state");
        }
        return states;
    }

    private @Nullable ErrorClass error() {
        var error = json.path("error");
        if (error.isMissingNode() || error.isNull()) {
            return null;
        }
        return Arrays.stream(ErrorClass.values())
                .filter(each -> each.wireName().equals(error.textValue()))
                .findFirst()
                .orElseThrow(
                        () ->
                                fault(
                                        "error",
                                        "must be one of "
                                                + String.join(
                                                        ", ",
                                                        Arrays.stream(ErrorClass.values())
                                                                .map(ErrorClass::wireName)
                                                                .toList())));
    }

    /** null: it is not there. */
    @Nullable Instant instant(String field) {
        var value = json.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        try {
            if (value.isTextual()) {
                var instant = Instant.parse(value.textValue());
                if (!instant.isBefore(EARLIEST) && instant.isBefore(LATEST)) {
                    return instant;
                }
            }
        } catch (DateTimeParseException e) {
            // Falls through to the same fault: the rule is one.
        }
        throw fault(
                field, "must be an instant such as 2027-01-31T00:00:00Z, before the year 10000");
    }

    private String text(String field, int max) {
        var text = json.path(field).textValue();
        if (text == null || text.isBlank() || text.length() > max) {
            throw fault(field, "must be text of 1 to " + max + " characters");
        }
        return text.strip();
    }

    static ProblemException fault(String field, String rule) {
        return ProblemException.withField(400, "malformed", field, field + " " + rule);
    }

    private static ProblemException malformed(String where) {
        return ProblemException.of(
                400, "malformed", "The body must be a JSON object with each key once" + where);
    }
}
