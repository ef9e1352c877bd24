package net.cartback.deletion.audit;

import org.jdbi.v3.core.Handle;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** SQL on the chain: its blocks, and what was signed for it. */
final class ChainSql {

    private static final String LEAD = "SELECT pg_try_advisory_xact_lock(:lock)";

    private static final String LAST_ID = "SELECT last_value FROM audit_id";

    private static final String TRANSACTION = "SELECT pg_current_xact_id()::text::bigint";

    private static final String OLDEST_TRANSACTION =
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private static final String END =
            """
            SELECT number, last_id, hash
              FROM ((SELECT number, last_id, hash FROM audit_block
                      ORDER BY number DESC LIMIT 1)
                     UNION ALL
                    (SELECT block, last_id, hash FROM audit_checkpoint
                      ORDER BY block DESC LIMIT 1)) AS ends
             ORDER BY number DESC
             LIMIT 1
            """;

    private static final String END_OF =
            "SELECT number, last_id, hash FROM audit_block WHERE last_id = :last_id";

    private static final String INSERT =
            """
            INSERT INTO audit_block (number, last_id, ids, row_hashes, previous_hash,
                                     hash, at)
            VALUES (:number, :last_id, :ids, :row_hashes, :previous_hash, :hash, :now)
            """;

    private static final String BLOCK_AFTER =
            """
            SELECT number, ids, row_hashes, previous_hash, hash
              FROM audit_block
             WHERE number > :number
             ORDER BY number
             LIMIT 1
            """;

    private static final String INSERT_HEAD =
            """
            INSERT INTO audit_head (block, jws, at) VALUES (:block, :jws, :now)
            ON CONFLICT DO NOTHING
            """;

    private static final String LAST_HEADS =
            """
            SELECT block, jws, at FROM audit_head
             ORDER BY block DESC, at DESC
             LIMIT :at_most
            """;

    private static final String INSERT_CHECKPOINT =
            """
            INSERT INTO audit_checkpoint (block, last_id, hash, jws, at)
            VALUES (:block, :last_id, decode(:hash, 'hex'), :jws, :at)
            ON CONFLICT DO NOTHING
            """;

    private static final String CHECKPOINTS =
            """
            SELECT block, jws, at FROM audit_checkpoint
             WHERE block <= :block
             ORDER BY block DESC, at DESC
             LIMIT :at_most
            """;

    /** Whoever holds it chains; any number will do that nothing else here uses. */
    private static final long LEADER_LOCK = 0x61756469_74636861L;

    /** How many statements are looked at for one that is signed. */
    private static final int STATEMENTS = 100;

    private ChainSql() {}

    /** A signed statement as it is stored. The reader must verify its signature. */
    record SignedStatement(long block, String jws, Instant at) {}

    /** Until the transaction ends; false if another replica has it. */
    static boolean lead(Handle handle) {
        return handle.createQuery(LEAD).bind("lock", LEADER_LOCK).mapTo(Boolean.class).one();
    }

    /** The id that was given last. */
    static long lastId(Handle handle) {
        return handle.createQuery(LAST_ID).mapTo(Long.class).one();
    }

    /** A transaction of our own: whichever has written before this has a lower number. */
    static long transaction(Handle handle) {
        return handle.createQuery(TRANSACTION).mapTo(Long.class).one();
    }

    /** The oldest transaction that writes and is not over. */
    static long oldestTransaction(Handle handle) {
        return handle.createQuery(OLDEST_TRANSACTION).mapTo(Long.class).one();
    }

    /** Where the chain has come to; {@link Block.End#NONE} before the first block. */
    static Block.End end(Handle handle) {
        return handle.createQuery(END)
                .map((row, context) -> end(row))
                .findOne()
                .orElse(Block.End.NONE);
    }

    /** The end of the block that ends with this row; empty if no block does. */
    static Optional<Block.End> endOf(Handle handle, long lastId) {
        return handle.createQuery(END_OF)
                .bind("last_id", lastId)
                .map((row, context) -> end(row))
                .findOne();
    }

    private static Block.End end(ResultSet row) throws SQLException {
        return new Block.End(row.getLong("number"), row.getLong("last_id"), row.getBytes("hash"));
    }

    static void insert(Handle handle, Block block, Instant now) {
        handle.createUpdate(INSERT)
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
        return handle.createQuery(BLOCK_AFTER)
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

    static void insertHead(Handle handle, long block, String jws, Instant now) {
        handle.createUpdate(INSERT_HEAD)
                .bind("block", block)
                .bind("jws", jws)
                .bind("now", now)
                .execute();
    }

    /** The last heads, the last one first. */
    static List<SignedStatement> lastHeads(Handle handle) {
        return handle.createQuery(LAST_HEADS)
                .bind("at_most", STATEMENTS)
                .map((row, context) -> kept(row))
                .list();
    }

    static void insertCheckpoint(Handle handle, Head head, String jws) {
        handle.createUpdate(INSERT_CHECKPOINT)
                .bind("block", head.block())
                .bind("last_id", head.lastId())
                .bind("hash", head.hash())
                .bind("jws", jws)
                .bind("at", head.at())
                .execute();
    }

    /** The last checkpoints up to this block, the last one first. */
    static List<SignedStatement> checkpoints(Handle handle, long upToBlock) {
        return handle.createQuery(CHECKPOINTS)
                .bind("block", upToBlock)
                .bind("at_most", STATEMENTS)
                .map((row, context) -> kept(row))
                .list();
    }

    private static SignedStatement kept(ResultSet row) throws SQLException {
        return new SignedStatement(
                row.getLong("block"), row.getString("jws"), row.getTimestamp("at").toInstant());
    }
}
