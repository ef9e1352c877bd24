package net.cartback.deletion.ledger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.ledger.RetentionSql.Stretch;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.Stream;

/**
 * Ends what has been kept long enough (GDPR article 5(1)(e)), in two stages, once a day. Some time
 * after its closing everything personal of a request is set NULL: whose it is, the copy of its
 * code, the digest that recognises repeats, what client systems wrote, who of the operators did
 * what and why. What remains says when what was asked and answered, and of nobody; later it is
 * dropped too.
 *
 * <p>Goes by dates alone, in batches, each a transaction: one that dies half way is taken up by the
 * next, and a database that was restored from an old backup erases again what is due. Thread-safe,
 * and safe beside other replicas. Throws {@link DatabaseUnavailable} while the database is away.
 */
public final class Retention {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final Duration EVERY = Duration.ofDays(1);

    /** One that has not ended after this has died. */
    private static final Duration LONGEST = Duration.ofHours(2);

    private static final int BATCH = 500;

    /** What one sweep did: requests of which everything personal was erased, and dropped ones. */
    private record Swept(int erased, int dropped) {}

    private final Database database;
    private final InstantSource clock;
    private final RetentionPeriods periods;
    private final Counter erasedRequests;
    private final Counter droppedRequests;
    private volatile RetentionSql.@Nullable Last last;

    public Retention(
            Database database,
            InstantSource clock,
            RetentionPeriods periods,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.periods = periods;
        erasedRequests =
                Counter.builder("relay.retention.erased")
                        .description("Requests of which everything personal was erased")
                        .register(meters);
        droppedRequests =
                Counter.builder("relay.retention.dropped")
                        .description("Requests whose record was dropped")
                        .register(meters);
        Gauge.builder("relay.retention.oldest.personal.data", this::ageOfOldest)
                .baseUnit("seconds")
                .description(
                        "Age of the oldest personal data that is held, as of the last sweep; 0:"
                                + " none is")
                .register(meters);
        Gauge.builder("relay.retention.last.sweep", this::ageOfSweep)
                .baseUnit("seconds")
                .description("How long ago the last sweep that has ended began")
                .register(meters);
    }

    /** Sweeps if the last sweep was a day ago; another replica may be faster. */
    public void sweepIfDue() {
        var now = clock.instant();
        var sweep =
                database.withHandle(
                        handle ->
                                RetentionSql.begin(
                                        handle, now.minus(EVERY), now.minus(LONGEST), now));
        if (sweep.isPresent()) {
            var swept = sweep(now);
            var oldest = oldestHeld();
            database.withHandle(
                    handle -> {
                        RetentionSql.end(
                                handle,
                                sweep.get(),
                                swept.erased(),
                                swept.dropped(),
                                oldest,
                                clock.instant());
                        return null;
                    });
            log.atInfo()
                    .addKeyValue("erased", swept.erased())
                    .addKeyValue("dropped", swept.dropped())
                    .log("What was kept long enough has been erased");
        }
        last = database.withHandle(RetentionSql::last).orElse(null);
    }

    private Swept sweep(Instant now) {
        var erase = periods.erasedBefore(now);
        var drop = periods.droppedBefore(now);
        int erased =
                inBatches(
                        () ->
                                database.withHandle(
                                        handle ->
                                                RetentionSql.eraseRequests(handle, erase, BATCH)));
        erasedRequests.increment(erased);
        walk((handle, after) -> RetentionSql.eraseLateBodies(handle, after, erase, BATCH));
        walk((handle, after) -> RetentionSql.eraseLateNotes(handle, after, erase, BATCH));
        int dropped = inBatches(() -> drop(drop));
        droppedRequests.increment(dropped);
        database.inTransaction(
                handle -> {
                    RetentionSql.dropTests(handle, erase);
                    RetentionSql.dropActions(handle, drop);
                    RetentionSql.dropSweeps(handle, drop);
                    return null;
                });
        return new Swept(erased, dropped);
    }

    private int drop(Instant before) {
        return database.inTransaction(
                handle -> {
                    var requests = RetentionSql.lockDroppable(handle, before, BATCH);
                    if (!requests.isEmpty()) {
                        RetentionSql.drop(handle, requests);
                    }
                    return requests.size();
                });
    }

    private interface Walk {
        Optional<Stretch> from(Handle handle, @Nullable Stretch after);
    }

    private void walk(Walk walk) {
        Stretch after = null;
        do {
            var from = after;
            after = database.withHandle(handle -> walk.from(handle, from)).orElse(null);
        } while (after != null);
    }

    private static int inBatches(IntSupplier batch) {
        int all = 0;
        for (int done = batch.getAsInt(); done > 0; done = batch.getAsInt()) {
            all += done;
        }
        return all;
    }

    private @Nullable Instant oldestHeld() {
        return database.withHandle(
                handle ->
                        Stream.concat(
                                        RetentionSql.oldestHeld(handle).stream(),
                                        RequestSql.oldestOpen(handle).stream())
                                .min(Instant::compareTo)
                                .orElse(null));
    }

    private double ageOfOldest() {
        var known = last;
        return known == null || known.oldestHeld() == null ? 0 : age(known.oldestHeld());
    }

    private double ageOfSweep() {
        var known = last;
        return known == null ? Double.NaN : age(known.startedAt());
    }

    private double age(Instant instant) {
        return Duration.between(instant, clock.instant()).toMillis() / 1000.0;
    }
}
