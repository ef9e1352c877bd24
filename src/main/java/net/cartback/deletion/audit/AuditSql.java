package net.cartback.deletion.audit;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** SQL on the trail and its chain. Each method is one statement. */
final class AuditSql {

    /** Whoever holds it chains; any number will do that nothing else here uses. */
    private static final long LEADER_LOCK = 0x61756469_74636861L;

    /** How many ids a month has, counted from {@link #FIRST_MONTH}. */
    private static final long IDS_OF_A_MONTH = 1_000_000_000_000L;

    private static final YearMonth FIRST_MONTH = YearMonth.of(2020, 1);

    /** How many rows are looked at for a page. */
    private static final int STRETCH = 20_000;

    /** How far apart two rows may be that stand in the wrong order of their times. */
    private static final long NEAR = 100_000;

    /** How many statements are looked at for one that is signed. */
    private static final int STATEMENTS = 100;

    private AuditSql() {}

    /** The month whose partition holds this id. */
    static YearMonth monthOf(long id) {
        return FIRST_MONTH.plusMonths(id / IDS_OF_A_MONTH);
    }

    /** The first id of the month after this one's. */
    static long endOfMonth(long id) {
        return (id / IDS_OF_A_MONTH + 1) * IDS_OF_A_MONTH;
    }

    /** The first id after this month. */
    static long endOf(YearMonth month) {
        return (FIRST_MONTH.until(month, ChronoUnit.MONTHS) + 1) * IDS_OF_A_MONTH;
    }

    /** Until the transaction ends; false if another replica has it. */
    static boolean lead(Handle handle) {
        return handle.createQuery("SELECT pg_try_advisory_xact_lock(:lock)")
                .bind("lock", LEADER_LOCK)
                .mapTo(Boolean.class)
                .one();
    }

    /** The id that was given last. */
    static long lastId(Handle handle) {
        return handle.createQuery("SELECT last_value FROM audit_id").mapTo(Long.class).one();
    }

    /** A transaction of our own: whichever has written before this has a lower number. */
    static long transaction(Handle handle) {
        return handle.createQuery("SELECT pg_current_xact_id()::text::bigint")
                .mapTo(Long.class)
                .one();
    }

    /** The oldest transaction that writes and is not over. */
    static long oldestTransaction(Handle handle) {
        return handle.createQuery("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
                .mapTo(Long.class)
                .one();
    }

    /** The month by this database's clock, in UTC. */
    static YearMonth month(Handle handle) {
        return YearMonth.from(
                handle.createQuery("SELECT clock_timestamp()")
                        .mapTo(OffsetDateTime.class)
                        .one()
                        .withOffsetSameInstant(ZoneOffset.UTC));
    }

    /** Makes the partitions of this month and the next, where they are missing. */
    static void prepareMonths(Handle handle) {
        handle.createQuery("SELECT audit_prepare_months()::text").mapTo(String.class).one();
    }

    /** From now on rows go to this month's partition; false: that is not there for good yet. */
    static boolean beginMonth(Handle handle) {
        return handle.createQuery("SELECT audit_begin_month()").mapTo(Boolean.class).one();
    }

    /** Drops a month and those before it. A checkpoint must stand for them. */
    static void dropMonth(Handle handle, YearMonth month) {
        handle.createQuery("SELECT audit_drop_month(:month)::text")
                .bind("month", month.atDay(1))
                .mapTo(String.class)
                .one();
    }

    /** Where the chain has come to; {@link Block.End#NONE} before the first block. */
    static Block.End end(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT number, last_id, hash
                          FROM ((SELECT number, last_id, hash FROM audit_block
                                  ORDER BY number DESC LIMIT 1)
                                 UNION ALL
                                (SELECT block, last_id, hash FROM audit_checkpoint
                                  ORDER BY block DESC LIMIT 1)) AS ends
                         ORDER BY number DESC
                         LIMIT 1
                        """)
                .map((row, context) -> end(row))
                .findOne()
                .orElse(Block.End.NONE);
    }

    /** The end of the block whose last row this is; empty if it is the last of none. */
    static Optional<Block.End> endOf(Handle handle, long lastId) {
        return handle.createQuery(
                        "SELECT number, last_id, hash FROM audit_block WHERE last_id = :last_id")
                .bind("last_id", lastId)
                .map((row, context) -> end(row))
                .findOne();
    }

    private static Block.End end(ResultSet row) throws SQLException {
        return new Block.End(row.getLong("number"), row.getLong("last_id"), row.getBytes("hash"));
    }

    static void insert(Handle handle, Block block, Instant now) {
        handle.createUpdate(
                        """
                        INSERT INTO audit_block (number, last_id, ids, row_hashes, previous_hash,
                                                 hash, at)
                        VALUES (:number, :last_id, :ids, :row_hashes, :previous_hash, :hash, :now)
                        """)
                .bind("number", block.number())
                .bind("last_id", block.lastId())
                .bindArray("ids", Long.class, Arrays.stream(block.ids()).boxed().toArray())
                .bind("row_hashes", block.rowHashes())
                .bind("previous_hash", block.previousHash())
                .bind("hash", block.hash())
                .bind("now", now)
                .execute();
    }

    /** The first block after this number. */
    static Optional<Block> blockAfter(Handle handle, long number) {
        return handle.createQuery(
                        """
                        SELECT number, ids, row_hashes, previous_hash, hash
                          FROM audit_block
                         WHERE number > :number
                         ORDER BY number
                         LIMIT 1
                        """)
                .bind("number", number)
                .map(
                        (row, context) ->
                                new Block(
                                        row.getLong("number"),
                                        Arrays.stream((Long[]) row.getArray("ids").getArray())
                                                .mapToLong(Long::longValue)
                                                .toArray(),
                                        row.getBytes("row_hashes"),
                                        row.getBytes("previous_hash"),
                                        row.getBytes("hash")))
                .findOne();
    }

    /**
     * Reads rows in the order of their ids, as COPY writes them: a tenth of what it costs to read
     * them column by column.
     *
     * @param after only rows with a higher id
     * @param upTo only rows with this id or a lower one
     */
    static void rows(Handle handle, long after, long upTo, int atMost, Consumer<AuditRow> reader) {
        var sql =
                "COPY (SELECT %s FROM audit WHERE id > %d AND id <= %d ORDER BY id LIMIT %d)"
                                .formatted(AuditRow.COLUMNS, after, upTo, atMost)
                        + " TO STDOUT";
        try {
            var copy = handle.getConnection().unwrap(PGConnection.class).getCopyAPI().copyOut(sql);
            for (var line = copy.readFromCopy(); line != null; line = copy.readFromCopy()) {
                reader.accept(AuditRow.read(line));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("The audit trail cannot be read", e);
        }
    }

    /** The first row after this id: its id and its time. */
    static Optional<Moment> firstAfter(Handle handle, long id) {
        return moment(handle, "id > :id ORDER BY id", id);
    }

    /** The last row before this id. */
    static Optional<Moment> lastBefore(Handle handle, long id) {
        return moment(handle, "id < :id ORDER BY id DESC", id);
    }

    /** When a row was written, by the database's clock. */
    record Moment(long id, Instant at) {}

    private static Optional<Moment> moment(Handle handle, String which, long id) {
        return handle.createQuery("SELECT id, at FROM audit WHERE " + which + " LIMIT 1")
                .bind("id", id)
                .map(
                        (row, context) ->
                                new Moment(row.getLong("id"), row.getTimestamp("at").toInstant()))
                .findOne();
    }

    /**
     * The last id before this instant, or one that is near to it: rows stand in the order of their
     * times, but for moments, so half of what is left is ruled out with each look.
     */
    static long lastBefore(Handle handle, Instant at) {
        long low = 0;
        long high = lastId(handle);
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            var found = firstAfter(handle, middle);
            if (found.isPresent() && found.get().at().isBefore(at)) {
                low = found.get().id() > high ? middle : found.get().id();
            } else {
                high = middle;
            }
        }
        return Math.max(low - NEAR, 0);
    }

    /** Only what is chained: before that, a row with a lower id may still come. */
    static AuditTrail.Page page(
            Handle handle, AuditTrail.Filter filter, long low, long high, int atMost) {
        var last = new AtomicReference<@Nullable Long>();
        var found = new ArrayList<AuditTrail.Entry>();
        handle.createQuery(
                        """
                        WITH stretch AS MATERIALIZED (
                            SELECT * FROM audit
                             WHERE id > :low AND id <= LEAST(:high, :chained)
                             ORDER BY id <direction>
                             LIMIT :rows
                        ), found AS (
                            SELECT *
                              FROM stretch
                             WHERE (CAST(:actor AS text) IS NULL OR actor = :actor)
                               AND (CAST(:event AS text) IS NULL OR event = :event)
                               AND (CAST(:app AS text) IS NULL OR app_id = :app)
                               AND (CAST(:system AS text) IS NULL OR system_id = :system)
                               AND (CAST(:request AS uuid) IS NULL OR request_id = :request)
                               AND (CAST(:delivery AS uuid) IS NULL OR delivery_id = :delivery)
                               AND (CAST(:from AS timestamptz) IS NULL
                                    OR at >= CAST(:from AS timestamptz))
                             ORDER BY id <direction>
                             LIMIT :at_most
                        )
                        SELECT found.*, stretch.last
                          FROM (SELECT (SELECT id FROM stretch
                                         ORDER BY id <direction> OFFSET :rows - 1)
                                       AS last) AS stretch
                          LEFT JOIN found ON true
                         ORDER BY found.id <direction>
                        """)
                .define("direction", filter.newestFirst() ? "DESC" : "ASC")
                .bind("low", low)
                .bind("high", high)
                .bind("chained", end(handle).lastId())
                .bind("rows", STRETCH)
                .bind("actor", filter.actor())
                .bind("event", filter.event())
                .bind("app", filter.app())
                .bind("system", filter.system())
                .bind("request", filter.request())
                .bind("delivery", filter.delivery())
                .bind("from", filter.from())
                .bind("at_most", atMost)
                .map(
                        (row, context) -> {
                            last.set(row.getObject("last", Long.class));
                            if (row.getObject("id") != null) {
                                found.add(entry(row));
                            }
                            return true;
                        })
                .list();
        return new AuditTrail.Page(
                found, found.size() == atMost ? (Long) found.getLast().id() : last.get());
    }

    private static AuditTrail.Entry entry(ResultSet row) throws SQLException {
        return new AuditTrail.Entry(
                row.getLong("id"),
                row.getTimestamp("at").toInstant(),
                row.getString("actor"),
                row.getString("event"),
                row.getString("app_id"),
                row.getString("system_id"),
                row.getObject("request_id", UUID.class),
                row.getObject("delivery_id", UUID.class),
                row.getString("detail"),
                row.getObject("deliveries", Integer.class));
    }

    /** How many rows have a higher id; counted to a million. */
    static long countAfter(Handle handle, long id) {
        return handle.createQuery(
                        """
                        SELECT count(*)
                          FROM (SELECT 1 FROM audit WHERE id > :id LIMIT 1000000) AS later
                        """)
                .bind("id", id)
                .mapTo(Long.class)
                .one();
    }

    /** A signed statement as it is kept: whether it is signed, only its reader can tell. */
    record Kept(long block, String jws, Instant at) {}

    static void insertHead(Handle handle, long block, String jws, Instant now) {
        handle.createUpdate(
                        """
                        INSERT INTO audit_head (block, jws, at) VALUES (:block, :jws, :now)
                        ON CONFLICT DO NOTHING
                        """)
                .bind("block", block)
                .bind("jws", jws)
                .bind("now", now)
                .execute();
    }

    /** The last heads, the last one first. */
    static List<Kept> lastHeads(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT block, jws, at FROM audit_head
                         ORDER BY block DESC, at DESC
                         LIMIT :at_most
                        """)
                .bind("at_most", STATEMENTS)
                .map((row, context) -> kept(row))
                .list();
    }

    static void insertCheckpoint(Handle handle, Head head, String jws) {
        handle.createUpdate(
                        """
                        INSERT INTO audit_checkpoint (block, last_id, hash, jws, at)
                        VALUES (:block, :last_id, decode(:hash, 'hex'), :jws, :at)
                        ON CONFLICT DO NOTHING
                        """)
                .bind("block", head.block())
                .bind("last_id", head.lastId())
                .bind("hash", head.hash())
                .bind("jws", jws)
                .bind("at", head.at())
                .execute();
    }

    /** The last checkpoints up to this block, the last one first. */
    static List<Kept> checkpoints(Handle handle, long upToBlock) {
        return handle.createQuery(
                        """
                        SELECT block, jws, at FROM audit_checkpoint
                         WHERE block <= :block
                         ORDER BY block DESC, at DESC
                         LIMIT :at_most
                        """)
                .bind("block", upToBlock)
                .bind("at_most", STATEMENTS)
                .map((row, context) -> kept(row))
                .list();
    }

    private static Kept kept(ResultSet row) throws SQLException {
        return new Kept(
                row.getLong("block"), row.getString("jws"), row.getTimestamp("at").toInstant());
    }
}
