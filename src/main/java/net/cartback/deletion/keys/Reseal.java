package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;

/**
 * Seals anew, under the data key in force, what older keys sealed. Walks each table by its key, a
 * page in each transaction, beside a relay that serves: a value that is changed or erased in
 * between stays as it is. Run again after a break it passes over what is done.
 *
 * <p>Thread-safe. Throws {@link DatabaseUnavailable} while the database is away.
 */
public final class Reseal {

    /**
     * Rows that one transaction looks at: far below every limit of time, even if all are sealed.
     */
    private static final int PAGE = 1_000;

    private final Database database;
    private final Sealer sealer;

    public Reseal(Database database, Sealer sealer) {
        this.database = database;
        this.sealer = sealer;
    }

    /**
     * How far one column is.
     *
     * @param rows that were looked at
     * @param resealed of those
     */
    public record Progress(SealedColumn column, long rows, long resealed) {}

    private record Value(Object key, String row, byte @Nullable [] sealed) {}

    /**
     * Goes through one column.
     *
     * @param told after each page
     * @throws SealBroken if a value cannot be opened; what was done before stays done
     */
    public Progress run(SealedColumn column, Consumer<Progress> told) {
        var prefix = sealer.prefix();
        long rows = 0;
        long resealed = 0;
        Object after = null;
        while (true) {
            var from = after;
            var page =
                    database.inTransaction(
                            handle -> {
                                var values = page(handle, column, prefix, from);
                                return new Page(values, reseal(handle, column, values));
                            });
            rows += page.values().size();
            resealed += page.resealed();
            var progress = new Progress(column, rows, resealed);
            told.accept(progress);
            if (page.values().size() < PAGE) {
                return progress;
            }
            after = page.values().getLast().key();
        }
    }

    private record Page(List<Value> values, int resealed) {}

    /** A page ends with the last row of a key, so the next one begins after it. */
    private static List<Value> page(
            Handle handle, SealedColumn column, byte[] prefix, @Nullable Object from) {
        var query =
                handle.createQuery(
                                """
                                SELECT <key> AS key, <row> AS row,
                                       CASE WHEN substring(<column> FROM 1 FOR :length) <> :prefix
                                            THEN <column> END AS sealed
                                  FROM <table>
                                 WHERE <from>
                                 ORDER BY <key>
                                 FETCH FIRST <rows> ROWS WITH TIES
                                """)
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

    private int reseal(Handle handle, SealedColumn column, List<Value> values) {
        var batch =
                handle.prepareBatch(
                                """
                                UPDATE <table> SET <column> = :new
                                 WHERE <key> = :key AND <column> = :old
                                """)
                        .define("table", column.table())
                        .define("column", column.column())
                        .define("key", column.key());
        for (var value : values) {
            var old = value.sealed();
            if (old != null) {
                var place = column.place(value.row());
                batch.bind("key", value.key())
                        .bind("old", old)
                        .bind("new", sealer.seal(place, sealer.openBytes(place, old)))
                        .add();
            }
        }
        int resealed = 0;
        if (batch.size() > 0) {
            for (int changed : batch.execute()) {
                resealed += changed;
            }
        }
        return resealed;
    }
}
