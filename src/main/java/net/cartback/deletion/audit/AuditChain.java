package net.cartback.deletion.audit;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

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
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Chains the rows of the audit trail, a second or two after they were written, so that no commit
 * waits for another; of all replicas one does it at a time. Signs where the chain has come to, and
 * drops months that have been kept for long enough.
 *
 * <p>A row is chained once every transaction is over that may still write one with a lower id: ids
 * come from a sequence, so that is so when all transactions are over that ran when a higher id had
 * been given. No clock takes part in it.
 *
 * <p>For one thread. Throws {@link DatabaseUnavailable} while the database is away.
 */
public final class AuditChain {

    private static final Logger log = LoggerFactory.getLogger(AuditChain.class);
    private static final int BLOCK_ROWS = 5_000;
    private static final Duration LOOK_FOR_OLD = Duration.ofHours(1);

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Duration headEvery;
    private final UnaryOperator<Instant> droppedBefore;
    private final Consumer<String> publisher;
    private volatile @Nullable Instant oldestUnchained;
    private volatile @Nullable Instant lastHeadAt;
    private @Nullable Sighting sighting;
    private Instant lookedForOld = Instant.EPOCH;

    /** An id that had been given, and the first transaction that began after that. */
    private record Sighting(long id, long transaction) {}

    /**
     * @param headEvery how often a head is signed, as long as there is something new
     * @param droppedBefore from now to the instant before which rows have been kept long enough
     * @param publisher takes each signed head to where the database's owner cannot change it
     */
    public AuditChain(
            Database database,
            Keyring keyring,
            InstantSource clock,
            Duration headEvery,
            UnaryOperator<Instant> droppedBefore,
            Consumer<String> publisher,
            MeterRegistry meters) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.headEvery = headEvery;
        this.droppedBefore = droppedBefore;
        this.publisher = publisher;
        Gauge.builder("relay.audit.unchained", () -> age(oldestUnchained))
                .baseUnit("seconds")
                .description("Age of the oldest row of the audit trail that is not chained yet")
                .register(meters);
        Gauge.builder("relay.audit.head", () -> age(lastHeadAt))
                .baseUnit("seconds")
                .description("How long ago a head of the audit trail's chain was signed last")
                .register(meters);
    }

    private double age(@Nullable Instant since) {
        return since == null ? 0 : Duration.between(since, clock.instant()).toMillis() / 1000.0;
    }

    /** Does what there is to do now. */
    public void round() {
        try {
            beginMonth();
            chain();
            sign();
            dropOld();
            measure();
        } catch (RuntimeException e) {
            // After a failover, ids and transactions may be counted anew.
            sighting = null;
            throw e;
        }
    }

    private void beginMonth() {
        var month = YearMonth.from(clock.instant().atOffset(ZoneOffset.UTC));
        database.withHandle(
                handle -> {
                    if (AuditSql.monthOf(AuditSql.lastId(handle)).isBefore(month)) {
                        AuditSql.beginMonth(handle, month);
                    }
                    return null;
                });
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
        // The id first: a transaction that is not begun yet gets a higher one.
        long id = database.withHandle(AuditSql::lastId);
        sighting = new Sighting(id, database.withHandle(AuditSql::nextTransaction));
    }

    /** One block; returns how many rows were looked at, or 0 if another replica chains. */
    private int chain(Handle handle, long upTo) {
        if (!AuditSql.lead(handle)) {
            return 0;
        }
        var end = AuditSql.end(handle);
        var rows = new ArrayList<AuditRow>();
        AuditSql.rows(handle, end.lastId(), upTo, BLOCK_ROWS, rows::add);
        if (rows.isEmpty()) {
            return 0;
        }
        // A block ends with its month, so that they can be dropped together.
        long endOfMonth = AuditSql.endOfMonth(rows.getFirst().id());
        var block = rows.stream().filter(row -> row.id() < endOfMonth).toList();
        AuditSql.insert(handle, Block.of(end, block), clock.instant());
        return block.size() < rows.size() ? BLOCK_ROWS : rows.size();
    }

    private void sign() {
        var now = clock.instant();
        database.inTransaction(
                handle -> {
                    var last = AuditSql.lastHead(handle);
                    lastHeadAt = last == null ? null : last.at();
                    if (last != null && last.at().plus(headEvery).isAfter(now)) {
                        return null;
                    }
                    var end = AuditSql.end(handle);
                    long known = last == null ? 0 : last.block();
                    if (end.number() > known && AuditSql.lead(handle)) {
                        var jws = Head.of(end, now).signed(keyring, Head.TYPE);
                        // Twice is better than never.
                        publisher.accept(jws);
                        AuditSql.insertHead(handle, end.number(), jws, now);
                        lastHeadAt = now;
                    }
                    return null;
                });
    }

    private void dropOld() {
        var now = clock.instant();
        if (lookedForOld.plus(LOOK_FOR_OLD).isAfter(now)) {
            return;
        }
        lookedForOld = now;
        var before = droppedBefore.apply(now);
        boolean more;
        do {
            more = database.inTransaction(handle -> dropOldest(handle, before, now));
        } while (more);
    }

    /** Drops the oldest month, if all of it is older than this and chained. */
    private boolean dropOldest(Handle handle, Instant before, Instant now) {
        var first = AuditSql.firstAfter(handle, 0);
        if (first.isEmpty() || first.get().at().isAfter(before) || !AuditSql.lead(handle)) {
            return false;
        }
        long endOfMonth = AuditSql.endOfMonth(first.get().id());
        var last = AuditSql.lastBefore(handle, endOfMonth).orElseThrow();
        if (last.at().isAfter(before) || AuditSql.lastId(handle) < endOfMonth) {
            return false;
        }
        var block = AuditSql.endOf(handle, last.id());
        if (block.isEmpty()) {
            return false;
        }
        var head = Head.of(block.get(), now);
        var jws = head.signed(keyring, Head.CHECKPOINT);
        publisher.accept(jws);
        AuditSql.insertCheckpoint(handle, head, jws);
        var month = AuditSql.monthOf(last.id());
        AuditSql.dropMonth(handle, month);
        log.atInfo()
                .addKeyValue("month", month)
                .addKeyValue("block", head.block())
                .log("A month of the audit trail was kept long enough and is dropped");
        return true;
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
