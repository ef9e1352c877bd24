package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.storage.Database;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Seals values of older data keys again, under the data key in force. It walks each table by its
 * key, one page in each transaction, while the relay serves. A value that is changed or erased
 * meanwhile stays as it is. A second run, after a break, skips the values that are done.
 */
public final class Reseal {

    private static final String IS_USED =
            """
            SELECT EXISTS (
                SELECT 1 FROM <table>
                 WHERE substring(<column> FROM 1 FOR :length) = :prefix)
            """;

    private static final String READ_PAGE =
            """
            SELECT <key> AS key, <row> AS row,
                   CASE WHEN substring(<column> FROM 1 FOR :length) <> :prefix
                        THEN <column> END AS sealed
              FROM <table>
             WHERE <from>
             ORDER BY <key>
             FETCH FIRST <rows> ROWS WITH TIES
            """;

    private static final String RESEAL =
            """
            UPDATE <table> SET <column> = :new
             WHERE <key> = :key AND <column> = :old
            """;

    /**
     * Rows that one transaction looks at: far below every limit of time, even if all are sealed.
     */
    private static final int PAGE = 1_000;

    private static final Logger log = LoggerFactory.getLogger(Reseal.class);
    private static final int MAX_NAMED = 20;

    private final Database database;
    private final Sealer sealer;

    public Reseal(Database database, Sealer sealer) {
        this.database = database;
        this.sealer = sealer;
    }

    /**
     * The progress in one column.
     *
     * @param rows how many rows were read
     * @param resealed how many of their values were sealed again
     * @param unreadable how many of their values cannot be opened and stay as they are; the log
     *     names the first of these rows
     */
    public record Progress(SealedColumn column, long rows, long resealed, long unreadable) {}

    private record Value(Object key, String row, byte @Nullable [] sealed) {}

    /**
     * Goes through one column.
     *
     * @param told after each page
     */
    public Progress run(SealedColumn column, Consumer<Progress> told) {
        var prefix = sealer.prefix();
        long rows = 0;
        long resealed = 0;
        long unreadable = 0;
        Object after = null;
        while (true) {
            var from = after;
            var page =
                    database.inTransaction(
                            handle -> {
                                var values = page(handle, column, prefix, from);
                                return reseal(handle, column, values);
                            });
            for (int i = 0; i < page.unreadable().size() && unreadable + i < MAX_NAMED; i++) {
                log.atWarn()
                        .addKeyValue("row", page.unreadable().get(i))
                        .log("A value of {} cannot be opened", column);
            }
            rows += page.values().size();
            resealed += page.resealed();
            unreadable += page.unreadable().size();
            var progress = new Progress(column, rows, resealed, unreadable);
            told.accept(progress);
            if (page.values().size() < PAGE) {
                return progress;
            }
            after = page.values().getLast().key();
        }
    }

    /** Whether anything in a column is sealed under this key; reads all of it, if nothing is. */
    public boolean isUsed(SealedColumn column, String kid) {
        var prefix = Sealer.prefix(kid);
        return database.withHandle(
                handle ->
                        handle.createQuery(IS_USED)
                                .define("table", column.table())
                                .define("column", column.column())
                                .bind("length", prefix.length)
                                .bind("prefix", prefix)
                                .mapTo(Boolean.class)
                                .one());
    }

    private record Page(List<Value> values, int resealed, List<String> unreadable) {}

    /** A page ends with the last row of a key, so the next one begins after it. */
    private static List<Value> page(
            Handle handle, SealedColumn column, byte[] prefix, @Nullable Object from) {
        var query =
                handle.createQuery(READ_PAGE)
                        .define("table", column.table())
                        .define("column", column.column())
                        .define("key", column.key())
                        .define("row", column.row())
                        .define("from", from == null ? "true" : column.key() + " > :from")
                        .define("rows", PAGE)
                        .bind("length", prefix.length)
                        .bind("prefix", prefix);
        if (from != null) {
            query.bind("from", from);
        }
        return query.map(
                        (row, context) ->
                                new Value(
                                        row.getObject("key"),
                                        row.getString("row"),
                                        row.getBytes("sealed")))
                .list();
    }

    private Page reseal(Handle handle, SealedColumn column, List<Value> values) {
        var unreadable = new ArrayList<String>();
        var batch =
                handle.prepareBatch(RESEAL)
                        .define("table", column.table())
                        .define("column", column.column())
                        .define("key", column.key());
        for (var value : values) {
            var old = value.sealed();
            if (old == null) {
                continue;
            }
            var place = column.at(value.row());
            try {
                var opened = sealer.openBytes(place, old);
                batch.bind("key", value.key())
                        .bind("old", old)
                        .bind("new", sealer.seal(place, opened))
                        .add();
            } catch (SealBroken e) {
                unreadable.add(value.row());
            }
        }
        int resealed = 0;
        if (batch.size() > 0) {
            for (int changed : batch.execute()) {
                resealed += changed;
            }
        }
        return new Page(values, resealed, unreadable);
    }
}
