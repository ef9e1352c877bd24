package net.cartback.deletion.storage;

import static java.util.stream.Collectors.toSet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Values to and from the columns of a statement. */
public final class Columns {

    private static final ObjectMapper JSON = new ObjectMapper();

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

    /** Texts as one array; null is NULL. */
    public static Argument texts(@Nullable Collection<String> texts) {
        return texts == null
                ? (position, statement, context) -> statement.setNull(position, Types.ARRAY)
                : array("text", List.copyOf(texts), text -> text);
    }

    /** As {@link #texts}, of words. */
    public static Argument words(@Nullable Collection<? extends WireName> words) {
        return texts(words == null ? null : words.stream().map(WireName::wireName).toList());
    }

    /** The words in an array of texts. */
    public static <E extends Enum<E> & WireName> Set<E> words(
            ResultSet row, String column, Class<E> type) throws SQLException {
        return Arrays.stream((String[]) row.getArray(column).getArray())
                .map(name -> WireName.named(type, name))
                .collect(toSet());
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

    /**
     * The name in one column, and what it is in other languages in another, which holds a JSON
     * object as text. A language that the pages no longer have is passed over.
     */
    public static Names names(ResultSet row, String name, String others) throws SQLException {
        var byLanguage = new EnumMap<Language, String>(Language.class);
        try {
            JSON.readTree(row.getString(others))
                    .properties()
                    .forEach(
                            each ->
                                    Language.ofTag(each.getKey())
                                            .ifPresent(
                                                    language ->
                                                            byLanguage.put(
                                                                    language,
                                                                    each.getValue().asText())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("The column " + others + " holds no JSON", e);
        }
        return new Names(row.getString(name), byLanguage);
    }

    /** Texts by language, as the JSON that {@link #names} reads; null stays null. */
    public static @Nullable String written(@Nullable Map<Language, String> texts) {
        if (texts == null) {
            return null;
        }
        var json = JSON.createObjectNode();
        texts.forEach((language, text) -> json.put(language.tag(), text));
        return json.toString();
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
