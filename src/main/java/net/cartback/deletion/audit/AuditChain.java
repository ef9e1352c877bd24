package net.cartback.deletion.audit;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.crypto.Keyring;
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
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Chains the rows of the audit trail within seconds after they were written, so that no commit
 * waits for another; of all replicas one does it at a time. A block of few rows waits for the one
 * before to be some seconds old. Signs where the chain has come to, and drops months that have been
 * kept for long enough.
 *
 * <p>A row is chained once every transaction is over that may still write one with a lower id. Ids
 * come from a sequence, and a transaction has its number before it takes one. So we look which id
 * was given last, then begin a transaction of our own: when all with a lower number are over, no
 * row up to that id can come any more. No clock takes part in it.
 *
 * <p>For one thread. Throws {@link DatabaseUnavailable} while the database is away.
 */
public final class AuditChain {

    private static final Logger log = LoggerFactory.getLogger(AuditChain.class);
    private static final int BLOCK_ROWS = 5_000;
    private static final int FEW = 500;
    private static final Duration PREPARE_EVERY = Duration.ofHours(1);
    private static final Duration LOOK_FOR_OLD = Duration.ofHours(1);
    private static final Duration TRY_AGAIN = Duration.ofMinutes(1);

    /** The database lets no month go that has not ended this long ago. */
    private static final int MONTHS_KEPT = 12;

    /** So long the clock must have gone on without a step before anything is dropped by it. */
    private static final Duration TRUSTED = Duration.ofHours(1);

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Duration blockEvery;
    private final Duration headEvery;
    private final RetentionPeriods retention;
    private final Supplier<Duration> trustedFor;
    private final Consumer<String> publisher;
    private volatile @Nullable Instant oldestUnchained;
    private volatile @Nullable Instant lastHeadAt;
    private @Nullable Sighting sighting;
    private @Nullable Instant signedAt;
    private @Nullable Long blockAt;
    private boolean prepared;
    private long preparedAt;
    private boolean monthWaits;
    private Instant lookedForOld = Instant.EPOCH;
    private Duration lookAgainAfter = LOOK_FOR_OLD;

    /** An id that had been given, and a transaction that has begun to write after that. */
    private record Sighting(long id, long transaction) {}

    /**
     * @param blockEvery how long a block of few rows waits for the one before
     * @param headEvery how often a head is signed, as long as there is something new
     * @param retention how long rows are kept: as long as the records that they tell of
     * @param trustedFor for how long the clock may be trusted: by one that may be wrong nothing is
     *     dropped, and no month is passed over
     * @param publisher takes each signed head to where the database's owner cannot change it
     */
    public AuditChain(
            Database database,
            Keyring keyring,
            InstantSource clock,
            Duration blockEvery,
            Duration headEvery,
            RetentionPeriods retention,
            Supplier<Duration> trustedFor,
            Consumer<String> publisher,
            MeterRegistry meters) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.blockEvery = blockEvery;
        this.headEvery = headEvery;
        this.retention = retention;
        this.trustedFor = trustedFor;
        this.publisher = publisher;
        Gauge.builder(
                        "relay.audit.unchained",
                        () -> oldestUnchained == null ? 0 : age(oldestUnchained))
                .baseUnit("seconds")
                .description("Age of the oldest row of the audit trail that is not chained yet")
                .register(meters);
        Gauge.builder("relay.audit.head", () -> age(lastHeadAt))
                .baseUnit("seconds")
                .description("How long ago a head of the audit trail's chain was signed last")
                .register(meters);
    }

    private double age(@Nullable Instant since) {
        return since == null
                ? Double.NaN
                : Duration.between(since, clock.instant()).toMillis() / 1000.0;
    }

    /** Does what there is to do now. */
    public void round() {
        try {
            turnMonth();
            chain();
            measure();
        } catch (DatabaseUnavailable e) {
            // After a failover, ids and transactions may be counted anew.
            sighting = null;
            throw e;
        }
        sign();
        dropOld();
    }

    /** Each in a transaction of its own: a month begins when its partitions are there for good. */
    private void turnMonth() {
        long now = System.nanoTime();
        if (!prepared || now - preparedAt > PREPARE_EVERY.toNanos()) {
            database.withHandle(
                    handle -> {
                        AuditSql.prepareMonths(handle);
                        return null;
                    });
            prepared = true;
            preparedAt = now;
        }
        boolean turned = database.withHandle(this::isMonthBegun);
        if (!turned && !monthWaits) {
            log.info("A month of the audit trail waits for its partition");
        }
        monthWaits = !turned;
    }

    /** Months go on one by one: to pass one over, the clock must have proven itself. */
    private boolean isMonthBegun(Handle handle) {
        var last = AuditSql.monthOf(AuditSql.lastId(handle));
        var present = AuditSql.month(handle);
        if (!last.isBefore(present)) {
            return true;
        }
        return (!last.plusMonths(1).isBefore(present) || isTrusted())
                && AuditSql.beginMonth(handle);
    }

    private boolean isTrusted() {
        return trustedFor.get().compareTo(TRUSTED) >= 0;
    }

    private void chain() {
        var seen = sighting;
        if (seen != null) {
            boolean over =
                    database.withHandle(AuditSql::oldestTransaction) >= seen.transaction()
                            && database.withHandle(AuditSql::lastId) >= seen.id();
            if (!over) {
                return;
            }
            int chained;
            do {
                chained = database.inTransaction(handle -> chain(handle, seen.id()));
            } while (chained == BLOCK_ROWS);
        }
        // The id first: whoever took it, or one before it, has a lower number than ours.
        long id = database.withHandle(AuditSql::lastId);
        sighting = new Sighting(id, database.withHandle(AuditSql::transaction));
    }

    /** One block; returns how many rows were looked at, or 0 if another replica chains. */
    private int chain(Handle handle, long upTo) {
        if (!AuditSql.lead(handle)) {
            return 0;
        }
        var end = AuditSql.end(handle);
        var rows = new ArrayList<AuditRow>();
        AuditSql.rows(handle, end.lastId(), upTo, BLOCK_ROWS, rows::add);
        if (rows.isEmpty() || (rows.size() < FEW && isTooSoon())) {
            return 0;
        }
        blockAt = System.nanoTime();
        // A block ends with its month, so that they can be dropped together.
        long endOfMonth = AuditSql.endOfMonth(rows.getFirst().id());
        var block = rows.stream().filter(row -> row.id() < endOfMonth).toList();
        AuditSql.insert(handle, Block.of(end, block), clock.instant());
        return block.size() < rows.size() ? BLOCK_ROWS : rows.size();
    }

    /** A block for each second would be a burden for who verifies them. */
    private boolean isTooSoon() {
        return blockAt != null && System.nanoTime() - blockAt < blockEvery.toNanos();
    }

    private void sign() {
        var now = clock.instant();
        var signed = signedAt;
        if (signed != null && isWithin(signed, headEvery, now)) {
            return;
        }
        database.inTransaction(
                handle -> {
                    var last = signed(AuditSql.lastHeads(handle), Head.TYPE);
                    lastHeadAt = last.map(Head::at).orElse(null);
                    var end = AuditSql.end(handle);
                    long known = last.map(Head::block).orElse(0L);
                    if (end.number() > known && AuditSql.lead(handle)) {
                        var jws = Head.of(end, now).signed(keyring, Head.TYPE);
                        // Twice is better than never.
                        publisher.accept(jws);
                        AuditSql.insertHead(handle, end.number(), jws, now);
                        lastHeadAt = now;
                        signedAt = now;
                    }
                    return null;
                });
    }

    /** The first of these that is signed by a key of this keyring. */
    private Optional<Head> signed(List<AuditSql.Kept> kept, String type) {
        return kept.stream()
                .flatMap(each -> Head.open(keyring, type, each.jws()).stream())
                .findFirst();
    }

    private void dropOld() {
        var now = clock.instant();
        if (isWithin(lookedForOld, lookAgainAfter, now) || !isTrusted()) {
            return;
        }
        lookedForOld = now;
        lookAgainAfter = TRY_AGAIN;
        dropBefore(retention.droppedBefore(now), now);
        lookAgainAfter = LOOK_FOR_OLD;
    }

    /** What was done in the future was done by a clock that was wrong. */
    private static boolean isWithin(Instant done, Duration period, Instant now) {
        return !done.isAfter(now) && done.plus(period).isAfter(now);
    }

    private void dropBefore(Instant before, Instant now) {
        var head = database.inTransaction(handle -> checkpoint(handle, before, now)).orElse(null);
        if (head == null) {
            return;
        }
        var month = AuditSql.monthOf(head.lastId());
        database.withHandle(
                handle -> {
                    AuditSql.dropMonth(handle, month);
                    return null;
                });
        log.atInfo()
                .addKeyValue("month", month)
                .addKeyValue("block", head.block())
                .log("The audit trail up to this month was kept long enough and is dropped");
    }

    /** Signs for the end of the last month that is older than this, if all of it is chained. */
    private Optional<Head> checkpoint(Handle handle, Instant before, Instant now) {
        if (!AuditSql.lead(handle)) {
            return Optional.empty();
        }
        var month =
                earlier(
                        YearMonth.from(before.atOffset(ZoneOffset.UTC)).minusMonths(1),
                        AuditSql.month(handle).minusMonths(MONTHS_KEPT + 1));
        var last = AuditSql.lastBefore(handle, AuditSql.endOf(month));
        var block = last.flatMap(row -> AuditSql.endOf(handle, row.id()));
        if (last.isEmpty() || !last.get().at().isBefore(before) || block.isEmpty()) {
            return Optional.empty();
        }
        var there =
                signed(AuditSql.checkpoints(handle, block.get().number()), Head.CHECKPOINT)
                        .filter(each -> each.block() == block.get().number());
        if (there.isPresent()) {
            return there;
        }
        var head = Head.of(block.get(), now);
        var jws = head.signed(keyring, Head.CHECKPOINT);
        publisher.accept(jws);
        AuditSql.insertCheckpoint(handle, head, jws);
        return Optional.of(head);
    }

    private static YearMonth earlier(YearMonth one, YearMonth other) {
        return one.isBefore(other) ? one : other;
    }

    private void measure() {
        oldestUnchained =
                database.withHandle(
                                handle ->
                                        AuditSql.firstAfter(handle, AuditSql.end(handle).lastId()))
                        .map(AuditSql.Moment::at)
                        .orElse(null);
    }
}
