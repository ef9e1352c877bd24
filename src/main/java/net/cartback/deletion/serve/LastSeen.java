package net.cartback.deletion.serve;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * How long ago something was seen, by the ticks of the machine and by its clock: a machine that was
 * stopped by what it runs on has no ticks of that time, and a clock may be set back. Thread-safe.
 */
final class LastSeen {

    private final LongSupplier ticks;
    private final InstantSource clock;
    private volatile Moment last;

    /** A moment at which one begins to look. */
    record Moment(long ticks, Instant clock) {}

    LastSeen() {
        this(System::nanoTime, InstantSource.system());
    }

    /** Not seen yet. */
    LastSeen(LongSupplier ticks, InstantSource clock) {
        this.ticks = ticks;
        this.clock = clock;
        this.last = new Moment(ticks.getAsLong(), Instant.EPOCH);
    }

    Moment now() {
        return new Moment(ticks.getAsLong(), clock.instant());
    }

    /** It was seen by a look that began at this moment. */
    void at(Moment moment) {
        last = moment;
    }

    /** By the ticks of the machine. */
    Duration age() {
        return Duration.ofNanos(ticks.getAsLong() - last.ticks());
    }

    boolean isWithin(Duration duration) {
        var seen = last;
        return ticks.getAsLong() - seen.ticks() < duration.toNanos()
                && clock.instant().isBefore(seen.clock().plus(duration));
    }
}
