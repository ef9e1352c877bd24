package net.cartback.deletion.reading;

import net.cartback.deletion.gate.HoldReason;
import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;

/**
 * The open deliveries of one client system. Each count stops at 100 000.
 *
 * @param pending due, in flight, or waiting to be sent again
 * @param awaitingReceipt accepted; the answer is still to come
 * @param silent accepted and not answered in time, although reminded
 * @param parked waiting for an operator
 * @param heldReason why its deliveries are held back; null if they are not
 * @param heldUntil when the next probe is sent; null: the system is not held, or is held until an
 *     operator resumes it
 * @param lag how long the delivery that is due the longest has waited; zero if none is due
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
