package net.cartback.deletion.audit;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.ClockTrust;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.function.Consumer;

/**
 * Chains the rows of the audit trail within seconds after they were written, so that no commit
 * waits for another. One replica at a time does this. A block of few rows is made only when the
 * block before is some seconds old. {@link AuditSigner} signs the end of the chain, and {@link
 * AuditMonths} begins months and drops months past their retention period.
 *
 * <p>A row is chained once every transaction has ended that may still write a row with a lower id.
 * Ids come from a sequence, and a transaction has its number before it takes an id. So the chain
 * reads the last id that was given out, then begins its own transaction. When all transactions with
 * a lower number have ended, no new row up to that id can appear. No clock is involved.
 *
 * <p>For one thread.
 */
public final class AuditChain {

    private static final int BLOCK_ROWS = 5_000;
    private static final int FEW = 500;

    private final Database database;
    private final InstantSource clock;
    private final Duration blockEvery;
    private final AuditMonths months;
    private final AuditSigner signer;
    private volatile @Nullable Instant oldestUnchained;
    private @Nullable Watermark watermark;
    private @Nullable Long blockAt;

    /** An id that had been given, and a transaction that has begun to write after that. */
    private record Watermark(long id, long transaction) {}

    /**
     * @param blockEvery how long a block of few rows waits for the one before
     * @param headEvery how often a head is signed, as long as there is something new
     * @param retention how long rows are kept: as long as the records that they tell of
     * @param clockTrust for how long the clock may be trusted: by one that may be wrong nothing is
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
            ClockTrust clockTrust,
            Consumer<String> publisher,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.blockEvery = blockEvery;
        signer = new AuditSigner(database, keyring, clock, headEvery, publisher);
        months = new AuditMonths(database, signer, clock, retention, clockTrust);
        Gauge.builder("relay.audit.unchained", this::unchainedSeconds)
                .baseUnit("seconds")
                .description("Age of the oldest row of the audit trail that is not chained yet")
                .register(meters);
        Gauge.builder("relay.audit.head", this::headSeconds)
                .baseUnit("seconds")
                .description("How long ago a head of the audit trail's chain was signed last")
                .register(meters);
    }

    private double unchainedSeconds() {
        var oldest = oldestUnchained;
        return oldest == null ? 0 : age(oldest);
    }

    private double headSeconds() {
        var signed = signer.lastHeadAt();
        return signed == null ? Double.NaN : age(signed);
    }

    private double age(Instant since) {
        return Duration.between(since, clock.instant()).toMillis() / 1000.0;
    }

    /** Begins a month, chains, signs and drops: whatever of these is due. */
    public void round() {
        try {
            months.turn();
            chain();
            measure();
        } catch (DatabaseUnavailable e) {
            // After a failover, ids and transactions may be counted anew.
            watermark = null;
            throw e;
        }
        signer.sign();
        months.dropOld();
    }

    private void chain() {
        var seen = watermark;
        if (seen != null) {
            boolean over =
                    database.withHandle(ChainSql::oldestTransaction) >= seen.transaction()
                            && database.withHandle(ChainSql::lastId) >= seen.id();
            if (!over) {
                return;
            }
            int chained;
            do {
                chained = database.inTransaction(handle -> chain(handle, seen.id()));
            } while (chained == BLOCK_ROWS);
        }
        // The id first: whoever took it, or one before it, has a lower number than ours.
        long id = database.withHandle(ChainSql::lastId);
        watermark = new Watermark(id, database.withHandle(ChainSql::transaction));
    }

    /** One block; returns how many rows were looked at, or 0 if another replica chains. */
    private int chain(Handle handle, long upTo) {
        if (!ChainSql.lead(handle)) {
            return 0;
        }
        var end = ChainSql.end(handle);
        var rows = new ArrayList<AuditRow>();
        AuditSql.rows(handle, end.lastId(), upTo, BLOCK_ROWS, rows::add);
        if (rows.isEmpty() || (rows.size() < FEW && isTooSoon())) {
            return 0;
        }
        blockAt = System.nanoTime();
        // A block ends with its month, so that they can be dropped together.
        long endOfMonth = MonthSql.endOfMonth(rows.getFirst().id());
        var block = rows.stream().filter(row -> row.id() < endOfMonth).toList();
        ChainSql.insert(handle, Block.of(end, block), clock.instant());
        return block.size() < rows.size() ? BLOCK_ROWS : rows.size();
    }

    /** A block each second would make verification slow. */
    private boolean isTooSoon() {
        return blockAt != null && System.nanoTime() - blockAt < blockEvery.toNanos();
    }

    private void measure() {
        oldestUnchained =
                database.withHandle(
                                handle ->
                                        AuditSql.firstAfter(handle, ChainSql.end(handle).lastId()))
                        .map(AuditSql.RowTime::at)
                        .orElse(null);
    }
}
