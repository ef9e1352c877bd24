package net.cartback.deletion.storage;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/**
 * A clock anchored to the database's, so that replicas whose machines disagree still agree on what
 * is due. In between it ticks monotonically: no step of this machine's own clock moves it.
 * Resolution: one microsecond, as in PostgreSQL, so that what was written compares equal when read.
 *
 * <p>The database's clock may step, too. This clock follows such a step when this machine's clock
 * has made the same step since (the machine slept, or the time was set), or when the step has
 * lasted for 5 minutes. Until then, this clock continues without the step, and is in doubt.
 */
public final class DatabaseClock implements InstantSource {

    private static final String ANCHOR = "SELECT clock_timestamp()";

    private static final Logger log = LoggerFactory.getLogger(DatabaseClock.class);

    /** So far clocks drift apart, or a busy machine misreads them. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    private static final Duration BELIEVED_AFTER = Duration.ofMinutes(5);

    /** An answer that took longer does not tell when it was given. */
    private static final Duration LONGEST_TRIP = Duration.ofSeconds(4);

    private static final Duration APART = Duration.ofHours(1);
    private static final Duration LONG = Duration.ofDays(1);

    /** Client systems refuse a signature whose time is further off (Standard Webhooks: 5 min). */
    private static final Duration TELLING = Duration.ofMinutes(1);

    private final LongSupplier ticks;
    private final InstantSource host;

    /** What all three said at one moment; {@code there} is what this clock goes by. */
    private record Anchor(long ticks, Instant there, Instant host) {

        Instant at(long now) {
            return there.plusNanos(now - ticks);
        }
    }

    /** A step of the database's clock that nothing else confirms. */
    private record Step(long since, Duration width) {}

    private volatile Anchor anchor;
    private volatile @Nullable Step doubted;
    private volatile long steadySince;
    private volatile Duration distrust = Duration.ZERO;
    private volatile boolean anchored;
    private volatile boolean told;

    public DatabaseClock() {
        this(System::nanoTime, InstantSource.system());
    }

    DatabaseClock(LongSupplier ticks, InstantSource host) {
        this.ticks = ticks;
        this.host = host;
        var now = ticks.getAsLong();
        anchor = new Anchor(now, host.instant(), host.instant());
        steadySince = now;
    }

    @Override
    public Instant instant() {
        return anchor.at(ticks.getAsLong()).truncatedTo(ChronoUnit.MICROS);
    }

    /** Looks at the database's clock, to about half a round trip. */
    public void anchor(Database database) {
        database.useHandle(
                handle -> {
                    var before = ticks.getAsLong();
                    var there =
                            handle.createQuery(ANCHOR)
                                    .mapTo(OffsetDateTime.class)
                                    .one()
                                    .toInstant();
                    var trip = ticks.getAsLong() - before;
                    if (trip <= LONGEST_TRIP.toNanos()) {
                        take(before + trip / 2, there, host.instant().minusNanos(trip / 2));
                    }
                });
    }

    /** Takes what was read at one moment. */
    synchronized void take(long at, Instant there, Instant hostThere) {
        var width = Duration.between(anchor.at(at), there);
        var ofHost = Duration.between(anchor.host().plusNanos(at - anchor.ticks()), hostThere);
        var step = doubted;
        if (isSmall(width) && anchored) {
            follow(at, there, hostThere);
        } else if (!anchored || isSmall(width.minus(ofHost))) {
            jump(at, there, hostThere, "this machine's clock has made the same step");
        } else if (step == null || !isSmall(width.minus(step.width()))) {
            doubted = new Step(at, width);
            log.atWarn()
                    .addKeyValue("seconds", width.toSeconds())
                    .log("The database's clock has stepped; the relay does not follow it yet");
        } else if (at - step.since() >= BELIEVED_AFTER.toNanos()) {
            jump(at, there, hostThere, "the step has lasted for five minutes");
        }
        tell();
    }

    private static boolean isSmall(Duration width) {
        return width.abs().compareTo(TOLERANCE) <= 0;
    }

    private void follow(long at, Instant there, Instant hostThere) {
        if (doubted != null) {
            log.info("The step of the database's clock is over; the relay did not follow it");
        }
        doubted = null;
        anchor = new Anchor(at, there, hostThere);
    }

    private void jump(long at, Instant there, Instant hostThere, String why) {
        if (anchored) {
            log.warn("The database's clock has stepped, and the relay follows it now: {}", why);
        }
        boolean far = anchored && Duration.between(anchor.at(at), there).compareTo(LONG) > 0;
        distrust = far ? LONG : Duration.ZERO;
        anchored = true;
        doubted = null;
        steadySince = at;
        anchor = new Anchor(at, there, hostThere);
    }

    private void tell() {
        boolean apart = ofHost().abs().compareTo(TELLING) > 0;
        if (apart && !told) {
            log.atWarn()
                    .addKeyValue("seconds", ofHost().toSeconds())
                    .log(
                            "This machine's clock and the database's clock differ. From 5 minutes"
                                    + " on, receipts and deliveries are refused. Set the clock that"
                                    + " is wrong");
        }
        told = apart;
    }

    /** How far this machine's clock is ahead of this one. */
    public Duration ofHost() {
        return Duration.between(instant(), host.instant());
    }

    /** How far the database's clock is ahead of this one: zero unless a step of it is in doubt. */
    public Duration ofDatabase() {
        var step = doubted;
        return step == null ? Duration.ZERO : step.width();
    }

    /**
     * How long this clock has been reliable enough for actions that cannot be undone; zero or less:
     * it is not. A reliable clock has made no step, is not in doubt, and agrees with this machine's
     * clock within an hour. A step of more than a day ahead is trusted a day later.
     */
    public Duration trustedFor() {
        return isApart() ? Duration.ZERO : steadyFor().minus(distrust);
    }

    /** Whether this machine's clock is an hour or more from this one: one of the two is wrong. */
    public boolean isApart() {
        return ofHost().abs().compareTo(APART) >= 0;
    }

    /** For how long this clock has run without a step, and without a doubt; else zero. */
    Duration steadyFor() {
        return anchored && doubted == null
                ? Duration.ofNanos(ticks.getAsLong() - steadySince)
                : Duration.ZERO;
    }
}
