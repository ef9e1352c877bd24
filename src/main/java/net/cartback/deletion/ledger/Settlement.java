package net.cartback.deletion.ledger;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.gate.Report;
import net.cartback.deletion.gate.SystemSignal;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/**
 * What one attempt at a claimed delivery came to: what follows for the delivery, and what it says
 * of the client system.
 */
public record Settlement(
        ClaimedDelivery delivery, Attempt attempt, Next next, SystemSignal conduct) {

    /** What it tells of the client system. */
    Report report() {
        return new Report(delivery.system(), delivery.leaseId(), delivery.probe(), conduct);
    }

    /** What follows for the delivery. */
    public sealed interface Next {

        /** It is answered: true whoever holds the lease now. */
        record Close(Answer answer, Basis basis) implements Next {}

        /** A notice has been taken: that is all there is to it. */
        record Delivered() implements Next {}

        /** The receipt comes later; the reason is a doubt that an operator should see, or null. */
        record AwaitReceipt(Instant expectedBy, @Nullable String reason) implements Next {}

        /** It has failed, and is sent again: one step further in the schedule. */
        record Retry(Instant at, String reason) implements Next {}

        /** The delivery is not at fault: it is sent again, without a step in the schedule. */
        record Postpone(Instant at, String reason) implements Next {}

        /** An operator must look at it; the clock keeps running. */
        record Park(String reason) implements Next {}
    }
}
