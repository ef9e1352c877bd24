package net.cartback.deletion.ledger;

import net.cartback.deletion.terms.ClientSystemId;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The point up to which the queue of each system has been claimed, so that the next claim begins
 * there. The index entries of deliveries claimed before are dead, but PostgreSQL cannot remove them
 * while any transaction on the server has an old snapshot, and a walk from the beginning would pass
 * over all of them each time.
 *
 * <p>Every few seconds, a walk over the whole queue finds deliveries that were skipped, or whose
 * due time was moved into the past. For one thread; each replica has its own marks.
 */
public final class DueMarks {

    /** What is due may be committed so much later. */
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private static final Duration WALK_EVERY = Duration.ofSeconds(5);

    private static final Duration WALK_AFTER_FAILURE = Duration.ofMinutes(1);

    /** A walk over everything takes at most this part of the time. */
    private static final int REST_PER_WALK = 20;

    private final LongSupplier ticks;
    private final Map<ClientSystemId, Instant> fresh = new HashMap<>();
    private final Map<ClientSystemId, Instant> retries = new HashMap<>();
    private long nextWalkAt;
    private boolean walking;
    private long began;

    /**
     * @param ticks nanoseconds that only go forward
     */
    public DueMarks(LongSupplier ticks) {
        this.ticks = ticks;
        this.nextWalkAt = ticks.getAsLong();
    }

    /** Where a claim begins in the queue of each system; a system that is not in it: everywhere. */
    record From(Map<ClientSystemId, Instant> fresh, Map<ClientSystemId, Instant> retries) {

        static final From BEGINNING = new From(Map.of(), Map.of());
    }

    /**
     * A mark after {@code now} was made by a clock that has been set back since: it marks nothing.
     */
    From next(Instant now) {
        fresh.values().removeIf(mark -> mark.isAfter(now));
        retries.values().removeIf(mark -> mark.isAfter(now));
        began = ticks.getAsLong();
        walking = began - nextWalkAt >= 0;
        if (walking) {
            // One that fails, because it takes too long, is not made again at once.
            nextWalkAt = began + WALK_AFTER_FAILURE.toNanos();
        }
        return walking ? From.BEGINNING : new From(fresh, retries);
    }

    /** Takes note of a claim. Of one system and step it takes what is due first, first. */
    void claimed(Iterable<Claimed> all) {
        for (var each : all) {
            (each.isRetry() ? retries : fresh)
                    .merge(
                            each.system(),
                            each.dueAt().minus(MARGIN),
                            (one, other) -> one.isAfter(other) ? one : other);
        }
        if (walking) {
            long now = ticks.getAsLong();
            nextWalkAt = now + Math.max(WALK_EVERY.toNanos(), (now - began) * REST_PER_WALK);
        }
    }

    /** What was claimed, and when it was due. */
    record Claimed(ClientSystemId system, boolean isRetry, Instant dueAt) {}
}
