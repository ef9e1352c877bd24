package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.storage.DatabaseAddress;

import org.jdbi.v3.core.statement.ColonPrefixSqlParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Every statement that stands as a constant is one that the schema has, and that can be planned.
 */
@Execution(ExecutionMode.CONCURRENT)
class StatementsIT {

    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern STATEMENT =
            Pattern.compile(
                    "(\\s|--[^\n]*\n)*(SELECT|INSERT|UPDATE|DELETE|WITH)\\s.*", Pattern.DOTALL);

    /** Filled in by the program: one of several tables, columns or conditions. */
    private static final Pattern TEMPLATE = Pattern.compile("<[a-z_]+>");

    private static final Pattern ARRAY =
            Pattern.compile("\"(\\w+)\",\\s*(?:Columns\\.)?array\\(\\s*\"(\\w+)\"");
    private static final Pattern BYTES = Pattern.compile("\"(\\w+)\",\\s*(?:Columns\\.)?bytes\\(");
    private static final Pattern BOUND =
            Pattern.compile("bindArray\\(\\s*\"(\\w+)\",\\s*([\\w\\[\\]]+)\\.class");
    private static final Map<String, String> ARRAYS =
            Map.of(
                    "String", "text[]",
                    "UUID", "uuid[]",
                    "byte[]", "bytea[]",
                    "Long", "int8[]",
                    "Integer", "int4[]",
                    "Instant", "timestamptz[]");

    /** Bound by a method of their own, or as an instant, which says its type. */
    private static final Map<String, String> TYPED =
            Map.ofEntries(
                    Map.entry("marked", "text[]"),
                    Map.entry("fresh_from", "timestamptz[]"),
                    Map.entry("retry_from", "timestamptz[]"),
                    Map.entry("now", "timestamptz"),
                    Map.entry("rate_limit", "timestamptz"),
                    Map.entry("rate_ahead", "timestamptz"),
                    Map.entry("hold_limit", "timestamptz"),
                    Map.entry("answered", "boolean"),
                    Map.entry("fresh_turn", "integer"),
                    Map.entry("retry_turn", "integer"));

    @Test
    void every_statement_is_planned() throws Exception {
        var faults = new ArrayList<String>();
        var planned = new TreeSet<String>();
        var address = TestPostgres.migrated();
        try (var connection = connect(address)) {
            for (var source : sources()) {
                var types = types(source);
                for (var each : statements(source).entrySet()) {
                    // One name may be an array in one method and a value in another.
                    var fault = plan(connection, each.getValue(), types);
                    fault = fault.isEmpty() ? fault : plan(connection, each.getValue(), TYPED);
                    if (fault.isEmpty()) {
                        planned.add(each.getKey());
                    } else {
                        faults.add(each.getKey() + ": " + fault);
                    }
                }
            }
        }
        assertThat(faults).isEmpty();
        assertThat(planned)
                .hasSizeGreaterThan(130)
                .contains(
                        "net.cartback.deletion.ledger.ClaimSql.CLAIM",
                        "net.cartback.deletion.ledger.ClaimSql.LOCK_GATES",
                        "net.cartback.deletion.ledger.ReceiptSql.CLOSE_WITH_FIRST");
    }

    /**
     * The plan of a constant for any values of its parameters, as the server makes it for a
     * statement that comes again and again.
     *
     * @param name of the constant, after its class and a full stop
     */
    static String plan(Connection connection, String name) throws IOException, SQLException {
        var path = name.substring(0, name.lastIndexOf('.')).replace('.', '/');
        var source = SOURCES.resolve(path + ".java");
        return explain(
                connection, Objects.requireNonNull(statements(source).get(name)), types(source));
    }

    /**
     * Plans a statement for any values of its parameters.
     *
     * @return what is wrong with it; empty: nothing
     */
    private static String plan(Connection connection, String sql, Map<String, String> types) {
        try {
            explain(connection, sql, types);
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String explain(Connection connection, String sql, Map<String, String> types)
            throws SQLException {
        var parsed = new ColonPrefixSqlParser().parse(sql, null);
        var names = parsed.getParameters().getParameterNames();
        var numbered = new StringBuilder();
        int number = 0;
        for (char each : parsed.getSql().toCharArray()) {
            if (each == '?') {
                var type = types.get(names.get(number));
                number++;
                numbered.append(
                        type == null ? "$" + number : "CAST($" + number + " AS " + type + ")");
            } else {
                numbered.append(each);
            }
        }
        var plan = new StringBuilder();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("EXPLAIN (GENERIC_PLAN) " + numbered)) {
            while (rows.next()) {
                plan.append(rows.getString(1)).append('\n');
            }
        }
        return plan.toString();
    }

    /** Sent as text: a statement whose parameters have no values cannot be bound. */
    static Connection connect(DatabaseAddress address) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:"
                        + address.port()
                        + "/"
                        + address.database()
                        + "?preferQueryMode=simple",
                "postgres",
                "");
    }

    /** The types of the arrays that a class binds, by the names of the parameters. */
    private static Map<String, String> types(Path source) throws IOException {
        var types = new HashMap<>(TYPED);
        var text = Files.readString(source);
        for (var found = ARRAY.matcher(text); found.find(); ) {
            types.put(found.group(1), found.group(2) + "[]");
        }
        for (var found = BYTES.matcher(text); found.find(); ) {
            types.put(found.group(1), "bytea[]");
        }
        for (var found = BOUND.matcher(text); found.find(); ) {
            types.put(found.group(1), ARRAYS.get(found.group(2)));
        }
        return types;
    }

    private static Map<String, String> statements(Path source) {
        var name = SOURCES.relativize(source).toString().replace(".java", "").replace('/', '.');
        var statements = new TreeMap<String, String>();
        try {
            for (var field : Class.forName(name).getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())
                        && field.getType().equals(String.class)
                        && field.trySetAccessible()
                        && field.get(null) instanceof String value
                        && STATEMENT.matcher(value).matches()
                        && !TEMPLATE.matcher(value).find()) {
                    statements.put(name + "." + field.getName(), value);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("A constant cannot be read", e);
        }
        return statements;
    }

    private static List<Path> sources() throws IOException {
        try (var files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .toList();
        }
    }
}
