package net.cartback.deletion.audit;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;

import org.jdbi.v3.core.Handle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Reads the whole trail and reports where it is broken: rows that were changed, removed or inserted
 * after chaining, blocks that do not follow each other, or an end that was cut off. Anyone who can
 * write to the database can rebuild the whole chain, but cannot sign it, so the chain is also
 * compared with signed heads.
 *
 * <p>Can run beside a relay, and reads up to the end that the chain had at the start.
 */
public final class AuditVerification {

    private static final int MAX_BREAKS = 20;
    private static final int MAX_TRIES = 3;

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
        // What is chained does not change, but for a month that is dropped while we read.
        for (int tries = 1; ; tries++) {
            long before = firstBlock();
            var report = database.withHandle(handle -> new Run(handle).report(heads));
            if (tries == MAX_TRIES || report.breaks().isEmpty() || before == firstBlock()) {
                return report;
            }
        }
    }

    private long firstBlock() {
        return database.withHandle(handle -> ChainSql.blockAfter(handle, 0))
                .map(Block::number)
                .orElse(0L);
    }

    /** One verification, from the first block to the last. */
    private final class Run {

        private final Handle handle;
        private final List<String> breaks = new ArrayList<>();
        private final NavigableMap<Long, Head> heads = new TreeMap<>();
        private final NavigableMap<Long, Head> checkpoints = new TreeMap<>();
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
            // After the heads: a relay that runs may sign for a block that was not there before.
            long last = ChainSql.end(handle).number();
            var next = ChainSql.blockAfter(handle, end.number());
            while (next.isPresent() && next.get().number() <= last && breaks.size() < MAX_BREAKS) {
                check(next.get());
                next = ChainSql.blockAfter(handle, end.number());
            }
            heads.tailMap(end.number(), false)
                    .forEach(
                            (block, head) ->
                                    broken(
                                            ("the chain ends with block %d, but a head of %s was"
                                                            + " signed for block %d: the chain's"
                                                            + " end was cut off")
                                                    .formatted(end.number(), head.at(), block)));
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

        /** A checkpoint is a head too: where heads are kept, checkpoints are. */
        private void read(List<String> given) {
            for (int i = 0; i < given.size(); i++) {
                if (!read(given.get(i))) {
                    broken("head %d is not signed by a key of this keyring".formatted(i + 1));
                }
            }
            for (var kept : ChainSql.lastHeads(handle)) {
                if (read(kept.jws())) {
                    break;
                }
                broken(
                        "a head in the database, for block %d, is not signed by a key of this keyring"
                                .formatted(kept.block()));
            }
        }

        private boolean read(String jws) {
            var checkpoint = Head.open(keyring, Head.CHECKPOINT, jws);
            checkpoint.ifPresent(each -> checkpoints.put(each.block(), each));
            var head = checkpoint.or(() -> Head.open(keyring, Head.TYPE, jws));
            head.ifPresent(this::take);
            return head.isPresent();
        }

        private void take(Head head) {
            var other = heads.put(head.block(), head);
            if (other != null && !other.hash().equals(head.hash())) {
                broken(
                        ("two signed heads stand for block %d, of %s and of %s, and do not agree:"
                                        + " one was signed for another chain")
                                .formatted(head.block(), other.at(), head.at()));
            }
        }

        /** After months were dropped, the chain goes on from a checkpoint. */
        private void begin() {
            var first = ChainSql.blockAfter(handle, 0);
            if (first.isPresent() && first.get().number() == 1) {
                return;
            }
            long before = first.map(block -> block.number() - 1).orElse(Long.MAX_VALUE);
            var kept = ChainSql.checkpoints(handle, before);
            kept.reversed().forEach(each -> read(each.jws()));
            if (first.isEmpty() && kept.isEmpty() && checkpoints.isEmpty()) {
                return;
            }
            var last = checkpoints.floorEntry(before);
            var checkpoint = last == null ? null : last.getValue();
            if (checkpoint == null
                    || (first.isPresent()
                            && (checkpoint.block() != before
                                    || !hex(first.get().previousHash())
                                            .equals(checkpoint.hash())))) {
                broken(
                        "blocks before %s are missing, and no signed checkpoint stands for them"
                                .formatted(
                                        first.map(block -> "block " + block.number())
                                                .orElse("the end")));
                first.ifPresent(block -> end = block.before());
                return;
            }
            end =
                    new Block.End(
                            checkpoint.block(),
                            checkpoint.lastId(),
                            HexFormat.of().parseHex(checkpoint.hash()));
            AuditSql.firstAfter(handle, 0)
                    .filter(row -> row.id() <= checkpoint.lastId())
                    .ifPresent(
                            row ->
                                    broken(
                                            "row %d: inserted where all rows were dropped"
                                                    .formatted(row.id())));
        }

        private void check(Block block) {
            blocks++;
            if (block.ids().length == 0) {
                broken("block %d: changed".formatted(block.number()));
                end = new Block.End(block.number(), end.lastId(), block.hash());
                return;
            }
            if (block.number() != end.number() + 1) {
                broken(
                        "block %d follows block %d: the blocks between them are missing"
                                .formatted(block.number(), end.number()));
            } else if (!Arrays.equals(block.previousHash(), end.hash())) {
                broken("block %d does not follow block %d".formatted(block.number(), end.number()));
            }
            if (!block.isWhole()) {
                broken("block %d: changed".formatted(block.number()));
            }
            checkRows(block);
            var head = heads.get(block.number());
            if (head != null && !head.hash().equals(hex(block.hash()))) {
                broken(
                        "block %d does not match the hash in a head of %s: the chain was rebuilt"
                                .formatted(block.number(), head.at()));
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
                            broken(
                                    "row %d: inserted after its block was chained"
                                            .formatted(row.id()));
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
