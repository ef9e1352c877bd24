package net.cartback.deletion.storage;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/**
 * A clock anchored to the database's, so that replicas whose machines disagree still agree on what
 * is due. It ticks with this machine and is set again by {@link #anchor}. Resolution: one
 * microsecond, as in PostgreSQL, so that what was written compares equal when read.
 *
 * <p>Thread-safe.
 */
public final class DatabaseClock implements InstantSource {

    private volatile Duration offset = Duration.ZERO;

    @Override
    public Instant instant() {
        return Instant.now().plus(offset).truncatedTo(ChronoUnit.MICROS);
    }

    /** Measures the difference to the database's clock, to about half a round trip. */
    public void anchor(Database database) {
        offset =
                database.withHandle(
                        handle -> {
                            var before = Instant.now();
                            var there =
                                    handle.createQuery("SELECT clock_timestamp()")
                                            .mapTo(OffsetDateTime.class)
                                            .one()
                                            .toInstant();
                            var halfTrip = Duration.between(before, Instant.now()).dividedBy(2);
                            return Duration.between(before.plus(halfTrip), there);
                        });
    }
}
