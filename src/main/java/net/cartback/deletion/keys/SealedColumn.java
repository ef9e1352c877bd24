package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.SealContext;

/**
 * A column that holds sealed values.
 *
 * @param table its table
 * @param column its name
 * @param key the first column of the table's primary key, by which the table is walked
 * @param row an SQL expression of the table's columns: the row, as the {@link SealContext} names it
 */
public record SealedColumn(String table, String column, String key, String row) {

    /** A column of a table whose primary key is one column, which names the row. */
    public SealedColumn(String table, String column, String key) {
        this(table, column, key, "CAST(" + key + " AS text)");
    }

    /** Where the value of this row stands; of a table whose key is one column, the key. */
    public SealContext at(Object row) {
        return new SealContext(table, column, row.toString());
    }
}
