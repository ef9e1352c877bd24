package net.cartback.deletion.serve;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * How long ago something was seen, by the ticks of the machine and by its clock. Both are needed: a
 * virtual machine that was paused counts no ticks of the pause, and a clock may be set back.
 */
final class LastSeen {

    private final LongSupplier ticks;
    private final InstantSource clock;
    private volatile ClockReading last;

    /** A moment at which one begins to look. */
    record ClockReading(long ticks, Instant clock) {}

    LastSeen() {
        this(System::nanoTime, InstantSource.system());
    }

    /** Not seen yet. */
    LastSeen(LongSupplier ticks, InstantSource clock) {
        this.ticks = ticks;
        this.clock = clock;
        this.last = new ClockReading(ticks.getAsLong(), Instant.EPOCH);
    }

    ClockReading now() {
        return new ClockReading(ticks.getAsLong(), clock.instant());
    }

    /** It was seen by a look that began at this moment. */
    void at(ClockReading moment) {
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
