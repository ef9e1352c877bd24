package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.terms.ReplyClass;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/** What a client system's reply means: one row of the reply table. */
public sealed interface Reply {

    /** It has answered what it did. */
    record Answered(Answer answer, Basis basis) implements Reply {}

    /**
     * The system has accepted the deletion; its receipt will follow.
     *
     * @param doubt why an operator should check that the system has accepted the deletion; null if
     *     there is no doubt
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

    /** It cannot be sent: an operator must look at it. It says nothing of the system. */
    record Unsendable(ErrorClass error) implements Reply {}

    /** Something is wrong with this one delivery: an operator must look at it. */
    record DeliveryAtFault(ErrorClass error) implements Reply {}

    /** The class of the reply. */
    default ReplyClass replyClass() {
        return switch (this) {
            case Answered a -> ReplyClass.ANSWERED;
            case Accepted a -> ReplyClass.ACCEPTED;
            case TryAgain a -> ReplyClass.TRY_AGAIN;
            case Throttled a -> ReplyClass.THROTTLED;
            case SystemAtFault a -> ReplyClass.SYSTEM_AT_FAULT;
            case NotSent a -> ReplyClass.NOT_SENT;
            case Unsendable a -> ReplyClass.NOT_SENT;
            case DeliveryAtFault a -> ReplyClass.DELIVERY_AT_FAULT;
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
            case Unsendable a -> a.error();
            case DeliveryAtFault a -> a.error();
        };
    }
}
