package net.cartback.deletion.dispatch;

import net.cartback.deletion.ledger.Answer;
import net.cartback.deletion.ledger.AnswerReading;
import net.cartback.deletion.ledger.Basis;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.Kind;
import net.cartback.deletion.registry.AckMeans;
import net.cartback.deletion.registry.ClientSystem;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** What each HTTP status of a client system means. Pure. */
final class ReplyTable {

    /** However long a system asks us to wait, we ask again within a day. */
    static final Duration MAX_RETRY_AFTER = Duration.ofDays(1);

    private ReplyTable() {}

    /**
     * Reads a complete reply.
     *
     * @param kind what was sent: of a notice, any 2xx says that it was taken, whatever its body
     * @param body null if it is longer than we read: then nobody knows what it says, and a 2xx is
     *     no more than accepted
     * @param retryAfter the header, as it came
     */
    static Reply read(
            Kind kind,
            ClientSystem system,
            int status,
            byte @Nullable [] body,
            @Nullable String retryAfter,
            Instant now) {
        boolean success = status >= 200 && status < 300;
        if (success) {
            if (body == null || kind == Kind.DEAUTHORIZATION) {
                return new Reply.Accepted();
            }
            switch (AnswerReading.of(body)) {
                case AnswerReading.Read(var answer) -> {
                    return new Reply.Answered(answer, Basis.IN_REPLY);
                }
                case AnswerReading.Unacceptable(var field, var rule) -> {
                    return new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT);
                }
                case AnswerReading.NoOutcome() -> {}
            }
        }
        var agreed = system.answers().get(status);
        if (agreed != null) {
            return new Reply.Answered(
                    agreed.equals("deleted") ? Answer.DELETED : Answer.NOTHING_FOUND, Basis.ACK);
        }
        if (success) {
            return system.ackMeans() == AckMeans.DELETED
                    ? new Reply.Answered(Answer.DELETED, Basis.ACK)
                    : new Reply.Accepted();
        }
        return failure(status, retryAfter, now);
    }

    /** Whether the number is a status at all (RFC 9110, section 15). */
    static boolean isStatus(int status) {
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
            case 401, 403, 404, 405, 410 -> new Reply.SystemAtFault(error);
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
    static @Nullable Duration duration(@Nullable String retryAfter, Instant now) {
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
