package net.cartback.deletion.audit;

import net.cartback.deletion.storage.ClockTrust;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Optional;

/** Begins each month of the trail, and drops those that have been kept for long enough. */
final class AuditMonths {

    private static final Logger log = LoggerFactory.getLogger(AuditMonths.class);
    private static final Duration PREPARE_EVERY = Duration.ofHours(1);
    private static final Duration LOOK_FOR_OLD = Duration.ofHours(1);
    private static final Duration TRY_AGAIN = Duration.ofMinutes(1);

    /** The database lets no month go that has not ended this long ago. */
    private static final int MONTHS_KEPT = 12;

    /** So long the clock must have gone on without a step before anything is dropped by it. */
    private static final Duration TRUSTED = Duration.ofHours(1);

    private final Database database;
    private final AuditSigner signer;
    private final InstantSource clock;
    private final RetentionPeriods retention;
    private final ClockTrust clockTrust;
    private boolean prepared;
    private long preparedAt;
    private boolean waits;
    private Instant lookedForOld = Instant.EPOCH;
    private Duration lookAgainAfter = LOOK_FOR_OLD;

    AuditMonths(
            Database database,
            AuditSigner signer,
            InstantSource clock,
            RetentionPeriods retention,
            ClockTrust clockTrust) {
        this.database = database;
        this.signer = signer;
        this.clock = clock;
        this.retention = retention;
        this.clockTrust = clockTrust;
    }

    /**
     * Makes the partitions of this month and the next, and begins a month when it has come. Each in
     * a transaction of its own: a month begins when its partitions are there for good.
     */
    void turn() {
        long now = System.nanoTime();
        if (!prepared || now - preparedAt > PREPARE_EVERY.toNanos()) {
            database.useHandle(MonthSql::prepareMonths);
            prepared = true;
            preparedAt = now;
        }
        boolean begun = database.withHandle(this::isBegun);
        if (!begun && !waits) {
            log.info("A month of the audit trail waits for its partition");
        }
        waits = !begun;
    }

    /** Months go on one by one: to pass one over, the clock must have proven itself. */
    private boolean isBegun(Handle handle) {
        var last = MonthSql.monthOf(ChainSql.lastId(handle));
        var present = MonthSql.month(handle);
        if (!last.isBefore(present)) {
            return true;
        }
        return (!last.plusMonths(1).isBefore(present) || isTrusted())
                && MonthSql.beginMonth(handle);
    }

    private boolean isTrusted() {
        return clockTrust.trustedFor().compareTo(TRUSTED) >= 0;
    }

    /** Looks once an hour for months that have been kept long enough, and drops them. */
    void dropOld() {
        var now = clock.instant();
        if (AuditSigner.isWithin(lookedForOld, lookAgainAfter, now) || !isTrusted()) {
            return;
        }
        lookedForOld = now;
        lookAgainAfter = TRY_AGAIN;
        dropBefore(retention.droppedBefore(now), now);
        lookAgainAfter = LOOK_FOR_OLD;
    }

    private void dropBefore(Instant before, Instant now) {
        var head = database.inTransaction(handle -> checkpoint(handle, before, now)).orElse(null);
        if (head == null) {
            return;
        }
        var month = MonthSql.monthOf(head.lastId());
        database.useHandle(handle -> MonthSql.dropMonth(handle, month));
        log.atInfo()
                .addKeyValue("month", month)
                .addKeyValue("block", head.block())
                .log("The audit trail up to this month was kept long enough and is dropped");
    }

    /** Signs for the end of the last month that is older than this, if all of it is chained. */
    private Optional<Head> checkpoint(Handle handle, Instant before, Instant now) {
        if (!ChainSql.lead(handle)) {
            return Optional.empty();
        }
        var month =
                earlier(
                        YearMonth.from(before.atOffset(ZoneOffset.UTC)).minusMonths(1),
                        MonthSql.month(handle).minusMonths(MONTHS_KEPT + 1));
        return AuditSql.lastBefore(handle, MonthSql.endOf(month))
                .filter(row -> row.at().isBefore(before))
                .flatMap(row -> ChainSql.endOf(handle, row.id()))
                .map(block -> signer.checkpoint(handle, block, now));
    }

    private static YearMonth earlier(YearMonth one, YearMonth other) {
        return one.isBefore(other) ? one : other;
    }
}
