package net.cartback.deletion.dispatch;

import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.gate.HoldReason;
import net.cartback.deletion.gate.SystemSignal;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.ledger.Settlement.Next;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.terms.Kind;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What follows from a reply, for the delivery and for its client system. */
final class ReplyPolicy {

    private final InstantSource clock;
    private final RandomGenerator random;

    ReplyPolicy(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** The system is null if it is not in the registry's copy, and if that was never asked. */
    Settlement of(
            ClaimedDelivery delivery, @Nullable ClientSystem system, Attempt attempt, Reply reply) {
        var now = clock.instant();
        var error = reply.error();
        var reason = error == null ? "" : error.reason(attempt.status());
        var next =
                switch (reply) {
                    case Reply.Answered answered when delivery.kind() == Kind.DEAUTHORIZATION ->
                            new Next.Delivered();
                    case Reply.Accepted accepted when delivery.kind() == Kind.DEAUTHORIZATION ->
                            new Next.Delivered();
                    case Reply.Answered(var answer, var basis) -> new Next.Close(answer, basis);
                    case Reply.Accepted accepted ->
                            new Next.AwaitReceipt(
                                    now.plus(
                                            system == null
                                                    ? Duration.ZERO
                                                    : system.receiptWithin()),
                                    error == null ? null : reason);
                    case Reply.TryAgain(var why) when why == ErrorClass.CONNECT ->
                            // It never got there, so it has not been tried.
                            new Next.Postpone(now.plus(RetrySchedule.after(1, random)), reason);
                    case Reply.TryAgain(var why) -> retry(delivery, now, reason, null);
                    case Reply.Throttled(var after) -> retry(delivery, now, reason, after);
                    // Its system is held, and with it this delivery.
                    case Reply.SystemAtFault(var why) -> new Next.Postpone(now, reason);
                    case Reply.NotSent(var why) ->
                            new Next.Postpone(now.plus(RetrySchedule.after(1, random)), reason);
                    case Reply.Unsendable(var why) -> new Next.Park(reason);
                    case Reply.DeliveryAtFault(var why) -> new Next.Park(reason);
                };
        return new Settlement(delivery, attempt, next, conduct(reply, reason, now));
    }

    private Next.Retry retry(
            ClaimedDelivery delivery, Instant now, String reason, @Nullable Duration atLeast) {
        var wait = RetrySchedule.after(delivery.step() + 1, random);
        return new Next.Retry(
                now.plus(atLeast == null || wait.compareTo(atLeast) > 0 ? wait : atLeast), reason);
    }

    private static SystemSignal conduct(Reply reply, String reason, Instant now) {
        return switch (reply) {
            case Reply.Answered answered -> new SystemSignal.Good();
            case Reply.Accepted accepted -> new SystemSignal.Good();
            case Reply.TryAgain failed -> new SystemSignal.Failed();
            case Reply.Throttled(var after) ->
                    after == null || after.isZero()
                            ? new SystemSignal.Failed()
                            : new SystemSignal.AskedToWait(now.plus(after));
            case Reply.SystemAtFault fault -> new SystemSignal.AtFault(new HoldReason(reason));
            case Reply.NotSent unsent -> new SystemSignal.Untried();
            case Reply.Unsendable unsent -> new SystemSignal.Untried();
            case Reply.DeliveryAtFault fault -> new SystemSignal.Good();
        };
    }
}
