package net.cartback.deletion.audit;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jdbi.v3.core.Handle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads the whole trail and says where it is broken: rows that were changed, removed or put in
 * after they were chained, blocks that do not follow each other, an end that was cut off. Whoever
 * can write to the database can make a whole new chain, but cannot sign: so it is held against
 * signed heads too.
 *
 * <p>Thread-safe. Reads one state of the database, beside a running relay. Throws {@link
 * DatabaseUnavailable} while the database is away.
 */
public final class AuditVerification {

    private static final int MAX_BREAKS = 20;

    private final Database database;
    private final Keyring keyring;

    public AuditVerification(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
    }

    /**
     * What was found.
     *
     * @param blocks that were read
     * @param rows that are chained
     * @param unchained rows that are not chained yet; counted to a million
     * @param heads signed heads that the chain was held against
     * @param breaks one sentence each, the first break first; at most 20
     */
    public record Report(long blocks, long rows, long unchained, int heads, List<String> breaks) {}

    /**
     * Verifies the chain.
     *
     * @param heads signed heads that were kept elsewhere; the last one that the database has is
     *     looked at in any case
     */
    public Report verify(List<String> heads) {
        return database.inTransaction(
                handle -> {
                    handle.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
                    return new Run(handle).report(heads);
                });
    }

    /** One verification, from the first block to the last. */
    private final class Run {

        private final Handle handle;
        private final List<String> breaks = new ArrayList<>();
        private final List<Head> heads = new ArrayList<>();
        private Block.End end = Block.End.NONE;
        private long blocks;

        /** Of the next id of the block that is checked. */
        private int index;

        private long rows;

        Run(Handle handle) {
            this.handle = handle;
        }

        Report report(List<String> given) {
            read(given);
            begin();
            var next = AuditSql.blockAfter(handle, end.number());
            while (next.isPresent() && breaks.size() < MAX_BREAKS) {
                check(next.get());
                next = AuditSql.blockAfter(handle, next.get().number());
            }
            for (var head : heads) {
                if (head.block() > end.number()) {
                    broken(
                            ("the chain ends with block %d, and a head of %s stands for block %d:"
                                            + " its end was cut off")
                                    .formatted(end.number(), head.at(), head.block()));
                }
            }
            return new Report(
                    blocks,
                    rows,
                    AuditSql.countAfter(handle, end.lastId()),
                    heads.size(),
                    List.copyOf(breaks));
        }

        private void broken(String sentence) {
            if (breaks.size() < MAX_BREAKS) {
                breaks.add(sentence);
            }
        }

        private void read(List<String> given) {
            var all = new ArrayList<>(given);
            var kept = AuditSql.lastHead(handle);
            if (kept != null) {
                all.add(kept.jws());
            }
            for (int i = 0; i < all.size(); i++) {
                var head = Head.open(keyring, Head.TYPE, all.get(i));
                head.ifPresent(heads::add);
                if (head.isEmpty()) {
                    broken(
                            "%s is not signed by a key of this keyring"
                                    .formatted(
                                            i < given.size()
                                                    ? "head " + (i + 1)
                                                    : "the head in the database"));
                }
            }
        }

        /** After a month was dropped, its last block stands alone, and a checkpoint for it. */
        private void begin() {
            var first = AuditSql.blockAfter(handle, 0);
            if (first.isEmpty() || first.get().number() == 1) {
                return;
            }
            var block = first.get();
            var kept = AuditSql.lastCheckpoint(handle);
            var checkpoint =
                    kept == null
                            ? null
                            : Head.open(keyring, Head.CHECKPOINT, kept.jws()).orElse(null);
            if (checkpoint == null
                    || checkpoint.block() != block.number()
                    || !checkpoint.hash().equals(hex(block.hash()))) {
                broken(
                        "blocks 1 to %d are missing, and no signed checkpoint stands for them"
                                .formatted(block.number() - 1));
                return;
            }
            AuditSql.firstAfter(handle, 0)
                    .filter(row -> row.id() <= block.lastId())
                    .ifPresent(
                            row ->
                                    broken(
                                            "row %d: put in, where all were dropped"
                                                    .formatted(row.id())));
            end = block.end();
        }

        private void check(Block block) {
            blocks++;
            if (block.number() != end.number() + 1) {
                broken(
                        "block %d follows block %d: those in between are missing"
                                .formatted(block.number(), end.number()));
            } else if (!Arrays.equals(block.previousHash(), end.hash())) {
                broken("block %d does not follow block %d".formatted(block.number(), end.number()));
            }
            if (!block.isWhole()) {
                broken("block %d: changed".formatted(block.number()));
            }
            checkRows(block);
            for (var head : heads) {
                if (head.block() == block.number() && !head.hash().equals(hex(block.hash()))) {
                    broken(
                            ("block %d is not the one that a head of %s stands for: the chain was"
                                            + " made anew")
                                    .formatted(block.number(), head.at()));
                }
            }
            end = block.end();
        }

        /** Goes through the block's ids and the table's at once, both ascending. */
        private void checkRows(Block block) {
            var ids = block.ids();
            index = 0;
            AuditSql.rows(
                    handle,
                    end.lastId(),
                    block.lastId(),
                    Integer.MAX_VALUE,
                    row -> {
                        while (index < ids.length && ids[index] < row.id()) {
                            broken("row %d: removed".formatted(ids[index++]));
                        }
                        rows++;
                        if (index == ids.length || ids[index] > row.id()) {
                            broken("row %d: put in after its time".formatted(row.id()));
                        } else if (!Arrays.equals(row.hash(), block.rowHash(index++))) {
                            broken("row %d: changed".formatted(row.id()));
                        }
                    });
            while (index < ids.length) {
                broken("row %d: removed".formatted(ids[index++]));
            }
        }

        private static String hex(byte[] hash) {
            return HexFormat.of().formatHex(hash);
        }
    }
}
