package net.cartback.deletion.dispatch;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.ledger.ErrorClass;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/** What a client system's reply means: one row of the reply table. */
sealed interface Reply {

    /** It has answered what it did. */
    record Answered(Answer answer, Basis basis) implements Reply {}

    /**
     * It has the deletion; its answer will come later.
     *
     * @param doubt why an operator should look whether it really has; null: nothing speaks against
     */
    record Accepted(@Nullable ErrorClass doubt) implements Reply {}

    /** It, or the way to it, failed for now. */
    record TryAgain(ErrorClass error) implements Reply {}

    /** It asks for time; null: it does not say how much. */
    record Throttled(@Nullable Duration retryAfter) implements Reply {}

    /** Something is wrong with the system as a whole: address, credentials, certificate. */
    record SystemAtFault(ErrorClass error) implements Reply {}

    /** It was not sent, for a reason of our own that passes; it says nothing of the system. */
    record NotSent(ErrorClass error) implements Reply {}

    /** Something is wrong with this one delivery: an operator must look at it. */
    record DeliveryAtFault(ErrorClass error) implements Reply {}

    /** All classes of replies. */
    List<String> CLASSES =
            List.of(
                    "answered",
                    "accepted",
                    "try_again",
                    "throttled",
                    "system_at_fault",
                    "not_sent",
                    "delivery_at_fault");

    /** The class of the reply, as attempts and metrics name it. */
    default String replyClass() {
        return switch (this) {
            case Answered a -> "answered";
            case Accepted a -> "accepted";
            case TryAgain a -> "try_again";
            case Throttled a -> "throttled";
            case SystemAtFault a -> "system_at_fault";
            case NotSent a -> "not_sent";
            case DeliveryAtFault a -> "delivery_at_fault";
        };
    }

    /** What went wrong, or is in doubt; null if nothing is. */
    default @Nullable ErrorClass error() {
        return switch (this) {
            case Answered a -> null;
            case Accepted a -> a.doubt();
            case TryAgain a -> a.error();
            case Throttled a -> ErrorClass.STATUS;
            case SystemAtFault a -> a.error();
            case NotSent a -> a.error();
            case DeliveryAtFault a -> a.error();
        };
    }
}
