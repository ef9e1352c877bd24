package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
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

    private static final Logger log = LoggerFactory.getLogger(Reseal.class);
    private static final int MAX_NAMED = 20;

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
     * @param unreadable of those: what they hold cannot be opened and stays as it is; the first of
     *     them are named in the log
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
                        handle.createQuery(
                                        """
                                        SELECT EXISTS (
                                            SELECT 1 FROM <table>
                                             WHERE substring(<column> FROM 1 FOR :length) = :prefix)
                                        """)
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

    private Page reseal(Handle handle, SealedColumn column, List<Value> values) {
        var unreadable = new ArrayList<String>();
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
