package net.cartback.deletion.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** How the ledger's values stand in columns. */
final class LedgerSql {

    private static final ObjectMapper JSON = new ObjectMapper();

    private LedgerSql() {}

    /** A column of rows as one array of this SQL type; null elements are NULL. */
    static <T> Argument array(
            String sqlType, List<T> rows, Function<T, ? extends @Nullable Object> column) {
        var values = new @Nullable Object[rows.size()];
        for (int i = 0; i < values.length; i++) {
            var value = column.apply(rows.get(i));
            values[i] = value instanceof Instant ? value.toString() : value;
        }
        return set(sqlType, values);
    }

    /** As {@link #array}, of {@code bytea}. */
    static <T> Argument bytes(List<T> rows, Function<T, byte @Nullable []> column) {
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

    static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var timestamp = row.getTimestamp(column);
        return timestamp == null ? null : timestamp.toInstant();
    }

    static <E extends Enum<E>> E named(Class<E> type, String wireName) {
        return Enum.valueOf(type, wireName.toUpperCase(Locale.ROOT));
    }

    /** From the columns {@code outcome}, {@code retained} as text, and {@code ground}. */
    static Answer answer(ResultSet row) throws SQLException {
        var ground = row.getString("ground");
        return new Answer(
                named(Outcome.class, row.getString("outcome")),
                retained(row.getString("retained")),
                ground == null ? null : named(Ground.class, ground));
    }

    static String retained(List<Retained> retained) {
        var array = JSON.createArrayNode();
        for (var each : retained) {
            array.addObject()
                    .put("category", each.category().wireName())
                    .put("ground", each.ground().wireName())
                    .put("until", each.until() == null ? null : each.until().toString());
        }
        return array.toString();
    }

    static List<Retained> retained(@Nullable String json) {
        if (json == null) {
            return List.of();
        }
        try {
            var retained = new ArrayList<Retained>();
            for (JsonNode each : JSON.readTree(json)) {
                retained.add(
                        new Retained(
                                named(Category.class, each.get("category").textValue()),
                                named(Ground.class, each.get("ground").textValue()),
                                each.get("until").isNull()
                                        ? null
                                        : LocalDate.parse(each.get("until").textValue())));
            }
            return retained;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A column of retained data holds no JSON", e);
        }
    }
}
