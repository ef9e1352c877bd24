package net.cartback.deletion.retention;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.reading.BacklogSql;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.retention.RetentionSql.ExpiredRow;
import net.cartback.deletion.storage.ClockTrust;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Erases and drops data past its retention period (GDPR article 5(1)(e)), in two stages, once a
 * day. Some time after a request is closed, all its personal data is set to NULL: the person's id,
 * the copy of the code, the digest that identifies repeats, what client systems wrote, and which
 * operator did what and why. The remaining record says what was asked and answered and when, and
 * names no person. Later the record is dropped too.
 *
 * <p>A sweep depends on dates alone, and works in batches, each a transaction. A sweep that dies
 * half way is continued by the next. After a restore from an old backup, the data that is due is
 * erased again. Safe beside other replicas.
 */
public final class Retention {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);
    private static final Duration EVERY = Duration.ofDays(1);

    /** One that has not ended after this has died. */
    private static final Duration LONGEST = Duration.ofHours(2);

    private static final int BATCH = 500;

    /** Until this long after the last sweep, the clock is trusted without {@link #STEADY}. */
    private static final Duration USUAL_GAP = EVERY.plus(Duration.ofHours(12));

    /** After a longer pause, the clock is trusted once it has run this long without a step. */
    private static final Duration STEADY = Duration.ofHours(1);

    /** What one sweep did: requests of which everything personal was erased, and dropped ones. */
    private record Swept(int erased, int dropped) {}

    private final Database database;
    private final InstantSource clock;
    private final ClockTrust clockTrust;
    private final RetentionPeriods periods;
    private final Counter erasedRequests;
    private final Counter droppedRequests;
    private volatile RetentionSql.@Nullable LastSweep last;
    private volatile boolean waits;

    /**
     * @param clockTrust for how long the clock may be trusted, see {@code DatabaseClock}
     */
    public Retention(
            Database database,
            InstantSource clock,
            ClockTrust clockTrust,
            RetentionPeriods periods,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.clockTrust = clockTrust;
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
                        "Age of the oldest personal data that no legal hold keeps, as of the last"
                                + " sweep; 0: none")
                .register(meters);
        Gauge.builder("relay.retention.last.sweep", this::ageOfSweep)
                .baseUnit("seconds")
                .description("How long ago the last sweep that has ended began")
                .register(meters);
    }

    /**
     * Sweeps if the last sweep was a day ago; another replica may be faster. What is erased cannot
     * be had back, so a clock that may have stepped erases nothing: it is believed while it goes on
     * from the last sweep, or after an hour without a step.
     */
    public void sweepIfDue() {
        var now = clock.instant();
        // Known from the start, also while a sweep waits.
        last = database.withHandle(handle -> RetentionSql.last(handle, now)).orElse(null);
        if (!isPlausible(now)) {
            return;
        }
        var sweep =
                database.withHandle(
                        handle ->
                                RetentionSql.begin(
                                        handle, now.minus(EVERY), now.minus(LONGEST), now));
        if (sweep.isPresent()) {
            sweep(sweep.get(), now);
            last = database.withHandle(handle -> RetentionSql.last(handle, now)).orElse(null);
        }
    }

    private void sweep(UUID id, Instant now) {
        try {
            var swept = sweep(now);
            var oldest = oldestHeld();
            database.useHandle(
                    handle -> {
                        RetentionSql.end(
                                handle,
                                id,
                                swept.erased(),
                                swept.dropped(),
                                oldest,
                                clock.instant());
                    });
            log.atInfo()
                    .addKeyValue("erased", swept.erased())
                    .addKeyValue("dropped", swept.dropped())
                    .log(
                            swept.erased() + swept.dropped() == 0
                                    ? "No data is past its retention period"
                                    : "Data past its retention period has been erased or dropped");
        } catch (RuntimeException e) {
            // Else the next one would wait until this one counts as dead.
            giveUp(id, e);
            throw e;
        }
    }

    private void giveUp(UUID id, RuntimeException failure) {
        try {
            database.useHandle(
                    handle -> {
                        RetentionSql.giveUp(handle, id);
                    });
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private boolean isPlausible(Instant now) {
        var steady = clockTrust.trustedFor();
        boolean goesOn =
                steady.isPositive()
                        && database.withHandle(
                                handle ->
                                        RetentionSql.isTraced(
                                                handle, now.minus(USUAL_GAP), now.minus(STEADY)));
        boolean plausible = goesOn || steady.compareTo(STEADY) >= 0;
        if (!plausible && !waits) {
            log.warn(
                    "Nothing is erased yet: the clock may be wrong, or the relay was off for long."
                            + " Erasure goes on once the clock has run for an hour without a step");
        }
        waits = !plausible;
        return plausible;
    }

    private Swept sweep(Instant now) {
        var erase = periods.erasedBefore(now);
        var drop = periods.droppedBefore(now);
        int erased = inBatches(handle -> erase(handle, erase));
        erasedRequests.increment(erased);
        walk(RetentionSql::lateBodies, RetentionSql::eraseBodies, erase);
        walk(RetentionSql::lateNotes, RetentionSql::eraseNotes, erase);
        int dropped = inBatches(handle -> drop(handle, drop));
        droppedRequests.increment(dropped);
        database.useTransaction(
                handle -> {
                    RetentionSql.dropCases(handle);
                    RetentionSql.dropTests(handle, erase);
                    RetentionSql.dropActions(handle, drop);
                    RetentionSql.dropSweeps(handle, drop);
                });
        dropRetired(Kind.APP);
        dropRetired(Kind.SYSTEM);
        return new Swept(erased, dropped);
    }

    /**
     * Nothing is found by its system or app alone, so this reads the ledger's tables through. Where
     * they are so large that it takes longer than a statement may, the entry stays.
     */
    private void dropRetired(Kind kind) {
        List<String> dropped;
        try {
            dropped = database.inTransaction(handle -> dropRetired(handle, kind));
        } catch (DatabaseUnavailable e) {
            log.warn("Retired entries were not dropped in this sweep; the next one tries again", e);
            return;
        }
        for (var id : dropped) {
            log.atInfo().addKeyValue(kind.word(), id).log("A retired entry has been dropped");
        }
    }

    private static List<String> dropRetired(Handle handle, Kind kind) {
        var unnamed = RetentionSql.unnamed(handle, kind, Registry.lockRetired(handle, kind));
        switch (kind) {
            case APP -> RetentionSql.dropBackfillsOfApps(handle, unnamed);
            case SYSTEM -> RetentionSql.dropStateOfSystems(handle, unnamed);
        }
        Registry.drop(handle, kind, unnamed);
        return unnamed;
    }

    /** Of one batch: how many requests were found, and for how many it was done. */
    private record Batch(int found, int done) {}

    private static Batch erase(Handle handle, Instant before) {
        var locked = RetentionSql.lockErasable(handle, before, BATCH);
        var free = RetentionSql.notHeld(handle, locked);
        RetentionSql.erase(handle, free);
        return new Batch(locked.size(), free.size());
    }

    private static Batch drop(Handle handle, Instant before) {
        var locked = RetentionSql.lockDroppable(handle, before, BATCH);
        RetentionSql.drop(handle, locked);
        return new Batch(locked.size(), locked.size());
    }

    private int inBatches(Function<Handle, Batch> work) {
        int all = 0;
        Batch batch;
        do {
            batch = database.inTransaction(work::apply);
            all += batch.done();
        } while (batch.found() > 0);
        return all;
    }

    private interface Finder {
        List<ExpiredRow> after(
                Handle handle, @Nullable ExpiredRow last, Instant before, int atMost);
    }

    private interface Eraser {
        void erase(Handle handle, List<UUID> ids);
    }

    /** Erases what belongs to no request, or to one that was closed before and is not held. */
    private void walk(Finder find, Eraser erase, Instant before) {
        ExpiredRow last = null;
        do {
            var from = last;
            last =
                    database.inTransaction(
                            handle -> {
                                var found = find.after(handle, from, before, BATCH);
                                var requests =
                                        found.stream()
                                                .map(ExpiredRow::request)
                                                .filter(Objects::nonNull)
                                                .distinct()
                                                .toList();
                                var free =
                                        Set.copyOf(
                                                RetentionSql.notHeld(
                                                        handle,
                                                        RetentionSql.lockClosed(
                                                                handle, requests, before)));
                                erase.erase(
                                        handle,
                                        found.stream()
                                                .filter(
                                                        each ->
                                                                each.request() == null
                                                                        || free.contains(
                                                                                each.request()))
                                                .map(ExpiredRow::id)
                                                .toList());
                                return found.isEmpty() ? null : found.getLast();
                            });
        } while (last != null);
    }

    private @Nullable Instant oldestHeld() {
        return database.withHandle(
                handle ->
                        Stream.concat(
                                        RetentionSql.oldestHeld(handle).stream(),
                                        BacklogSql.oldestOpenNotHeld(handle).stream())
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
