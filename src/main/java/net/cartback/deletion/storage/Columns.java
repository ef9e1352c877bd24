package net.cartback.deletion.storage;

import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Function;

/** Values to and from the columns of a statement. */
public final class Columns {

    private Columns() {}

    /** A column of rows as one array of this SQL type; null elements are NULL. */
    public static <T> Argument array(
            String sqlType, List<T> rows, Function<T, ? extends @Nullable Object> column) {
        var values = new @Nullable Object[rows.size()];
        for (int i = 0; i < values.length; i++) {
            var value = column.apply(rows.get(i));
            values[i] = value instanceof Instant ? value.toString() : value;
        }
        return set(sqlType, values);
    }

    /** As {@link #array}, of {@code bytea}. */
    public static <T> Argument bytes(List<T> rows, Function<T, byte @Nullable []> column) {
        byte[] @Nullable [] values = new byte[rows.size()][];
        for (int i = 0; i < values.length; i++) {
            values[i] = column.apply(rows.get(i));
        }
        return set("bytea", values);
    }

    /** Set by hand: the library would look up how to bind each array each time. */
    private static Argument set(String sqlType, @Nullable Object[] values) {
        return (position, statement, context) ->
                statement.setArray(
                        position, statement.getConnection().createArrayOf(sqlType, values));
    }

    /** The instant in this column; null if it is NULL. */
    public static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var timestamp = row.getTimestamp(column);
        return timestamp == null ? null : timestamp.toInstant();
    }

    /** An instant says that it is one: of a value without a type the server has to guess. */
    static final class Instants extends AbstractArgumentFactory<Instant> {

        Instants() {
            super(Types.TIMESTAMP_WITH_TIMEZONE);
        }

        @Override
        protected Argument build(Instant value, ConfigRegistry config) {
            return (position, statement, context) ->
                    statement.setObject(position, value.atOffset(ZoneOffset.UTC));
        }
    }
}
