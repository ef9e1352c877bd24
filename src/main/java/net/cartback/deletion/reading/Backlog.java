package net.cartback.deletion.reading;

import net.cartback.deletion.gate.HoldReason;
import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;

/**
 * What of one client system is not closed yet. Each number is counted to 100 000 and no further.
 *
 * @param pending due, in flight, or waiting to be sent again
 * @param awaitingReceipt accepted; the answer is still to come
 * @param silent accepted and not answered in time, although reminded
 * @param parked waiting for an operator
 * @param heldReason why its deliveries are held back; null if they are not
 * @param heldUntil when a probe is sent next; null: it is not held, or until somebody resumes it
 * @param lag since when the one that is due the longest has not been sent; zero if none is due
 */
public record Backlog(
        ClientSystemId system,
        String name,
        long pending,
        long awaitingReceipt,
        long silent,
        long parked,
        Duration lag,
        @Nullable HoldReason heldReason,
        @Nullable Instant heldUntil) {}
