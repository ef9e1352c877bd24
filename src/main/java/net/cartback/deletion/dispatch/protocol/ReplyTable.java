package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.answer.AgreedStatus;
import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.Kind;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** What each HTTP status of a client system means. Pure. */
public final class ReplyTable {

    /** However long a system asks us to wait, we ask again within a day. */
    static final Duration MAX_RETRY_AFTER = Duration.ofDays(1);

    /** What is only a part of an answer is none. */
    private static final int PARTIAL_CONTENT = 206;

    private ReplyTable() {}

    /**
     * Says what a reply means.
     *
     * @param kind what was sent: of a notice, any 2xx says that it was taken, whatever its body; of
     *     a person's request, no bare status says what was done
     * @param made when the delivery was made
     */
    public static Reply read(
            Kind kind, ClientSystem system, HttpReply reply, Instant made, Instant now) {
        if (kind == Kind.DEAUTHORIZATION && reply.isSuccess()) {
            return new Reply.Accepted(null);
        }
        if (reply.isSuccess()) {
            return success(kind, system, reply, made);
        }
        var agreed = agreed(system, reply);
        if (agreed == null) {
            return failure(reply.status(), reply.retryAfter(), now);
        }
        if (kind != Kind.PERSON) {
            return agreedFailure(system, reply, agreed, made);
        }
        // If anybody on the way may have sent it, it says nothing of this one delivery.
        return isFromClientItself(system, reply, reply.reading().toDeliveryOf(made))
                ? new Reply.DeliveryAtFault(ErrorClass.STATUS)
                : new Reply.SystemAtFault(ErrorClass.UNIDENTIFIED);
    }

    private static Reply success(Kind kind, ClientSystem system, HttpReply reply, Instant made) {
        var reading = reply.reading().toDeliveryOf(made);
        if (reply.status() == PARTIAL_CONTENT && !(reading instanceof AnswerReading.Unacceptable)) {
            return new Reply.Accepted(ErrorClass.UNCLEAR);
        }
        return switch (reading) {
            case AnswerReading.Read(var answer) -> new Reply.Answered(answer, Basis.IN_REPLY);
            case AnswerReading.Unacceptable _ -> new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT);
            case AnswerReading.Empty _ -> acknowledged(kind, system, reply, reading);
            case AnswerReading.NoOutcome(var reportsFailure) ->
                    reportsFailure
                            ? new Reply.Accepted(ErrorClass.UNCLEAR)
                            : acknowledged(kind, system, reply, reading);
            case AnswerReading.NoAnswer _ -> new Reply.Accepted(ErrorClass.UNCLEAR);
        };
    }

    private static Reply acknowledged(
            Kind kind, ClientSystem system, HttpReply reply, AnswerReading reading) {
        if (kind == Kind.PERSON) {
            return new Reply.Accepted(null);
        }
        var agreed = agreed(system, reply);
        if (agreed != null) {
            return isFromClientItself(system, reply, reading)
                    ? new Reply.Answered(agreed, Basis.ACK)
                    : new Reply.Accepted(ErrorClass.UNIDENTIFIED);
        }
        return system.ackMeans() == AckMeans.DELETED
                ? new Reply.Answered(Answer.DELETED, Basis.ACK)
                : new Reply.Accepted(null);
    }

    /** A status that is no success, and that is agreed to mean something. */
    private static Reply agreedFailure(
            ClientSystem system, HttpReply reply, Answer agreed, Instant made) {
        var reading = reply.reading().toDeliveryOf(made);
        return switch (reading) {
            // A body that says something else than the status: nobody knows which of them is true.
            case AnswerReading.Read(var answer) when !answer.equals(agreed) ->
                    new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT);
            case AnswerReading.Read _ -> new Reply.Answered(agreed, Basis.ACK);
            case AnswerReading.Unacceptable _ -> new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT);
            case AnswerReading.Empty _, AnswerReading.NoOutcome _, AnswerReading.NoAnswer _ ->
                    isFromClientItself(system, reply, reading)
                            ? new Reply.Answered(agreed, Basis.ACK)
                            : new Reply.SystemAtFault(ErrorClass.UNIDENTIFIED);
        };
    }

    /**
     * Any proxy, firewall or ingress on the way answers with a status too. The client itself is
     * seen by JSON, or, where there is no body, by a header that nobody else sends.
     */
    private static boolean isFromClientItself(
            ClientSystem system, HttpReply reply, AnswerReading reading) {
        return switch (reading) {
            case AnswerReading.NoOutcome _ -> true;
            case AnswerReading.NoAnswer(var isJson) -> isJson;
            case AnswerReading.Empty _ -> {
                var header = system.answersHeader();
                yield header != null && reply.headers().get(header) != null;
            }
            case AnswerReading.Read _ -> true;
            case AnswerReading.Unacceptable _ -> false;
        };
    }

    private static @Nullable Answer agreed(ClientSystem system, HttpReply reply) {
        var outcome = system.answers().get(reply.status());
        if (outcome == null || !AgreedStatus.isPossible(reply.status())) {
            return null;
        }
        return outcome.equals("deleted") ? Answer.DELETED : Answer.NOTHING_FOUND;
    }

    /** Whether the number is a status at all (RFC 9110, section 15). */
    public static boolean isStatus(int status) {
        return status >= 100 && status <= 599;
    }

    private static Reply failure(int status, @Nullable String retryAfter, Instant now) {
        var error = ErrorClass.STATUS;
        return switch (status) {
            case 429 -> new Reply.Throttled(duration(retryAfter, now));
            case 503 ->
                    retryAfter == null
                            ? new Reply.TryAgain(error)
                            : new Reply.Throttled(duration(retryAfter, now));
            case 408, 425 -> new Reply.TryAgain(error);
            case 401, 403, 404, 405, 410, 421 -> new Reply.SystemAtFault(error);
            default -> {
                if (status >= 500) {
                    yield new Reply.TryAgain(error);
                }
                yield status >= 300 && status < 400
                        ? new Reply.SystemAtFault(error)
                        : new Reply.DeliveryAtFault(error);
            }
        };
    }

    /** Retry-After in seconds or as a date (RFC 9110, section 10.2.3); null if it is neither. */
    public static @Nullable Duration duration(@Nullable String retryAfter, Instant now) {
        if (retryAfter == null) {
            return null;
        }
        var text = retryAfter.strip();
        try {
            if (text.matches("[0-9]{1,18}")) {
                return capped(Duration.ofSeconds(Long.parseLong(text)));
            }
            var date = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            return capped(Duration.between(now, date));
        } catch (DateTimeException | ArithmeticException e) {
            return null;
        }
    }

    private static Duration capped(Duration wait) {
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : wait;
    }
}
