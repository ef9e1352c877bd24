package net.cartback.deletion.ledger;

import java.time.Instant;

/** What one attempt at a claimed delivery came to, and what follows. */
public record Settlement(ClaimedDelivery delivery, Attempt attempt, Next next) {

    /** What follows for the delivery. */
    public sealed interface Next {

        /** It is answered: true whoever holds the lease now. */
        record Close(Answer answer, Basis basis) implements Next {}

        /** The receipt comes later. */
        record AwaitReceipt(Instant expectedBy) implements Next {}

        /** It is sent again. */
        record Retry(Instant at, String reason) implements Next {}

        /** An operator must look at it; the clock keeps running. */
        record Park(String reason) implements Next {}
    }
}
