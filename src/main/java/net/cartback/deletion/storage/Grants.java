package net.cartback.deletion.storage;

import static java.util.Map.entry;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the service's role may do with each table: named one by one, so that a table of a newer
 * schema is never opened by an older program. The tables are their owner's; the service owns none.
 */
final class Grants {

    private static final String ALL = "SELECT, INSERT, UPDATE, DELETE";
    private static final String READ = "SELECT";

    /** To lock a row of a view is to have the right to change it. */
    private static final String LOCK = "SELECT, UPDATE";

    /** To what is chained, the service can only add. */
    private static final String ADD = "SELECT, INSERT";

    private static final Map<String, String> TABLES =
            Map.ofEntries(
                    entry("amendment", ALL),
                    entry("app_secret", ALL),
                    entry("applied_registry", ALL),
                    entry("attempt", ALL),
                    entry("audit", READ),
                    entry("audit_block", ADD),
                    entry("audit_checkpoint", ADD),
                    entry("audit_head", ADD),
                    entry("backfill", ALL),
                    entry("case_request", ALL),
                    entry("client_system", ALL),
                    entry("contradiction", ALL),
                    entry("deletion_request", ALL),
                    entry("deletion_subscriber", READ),
                    entry("delivery", ALL),
                    entry("extension", ALL),
                    entry("fresh_delivery", LOCK),
                    entry("flyway_schema_history", READ),
                    entry("idempotency_key", ALL),
                    entry("legal_hold", ALL),
                    entry("mail", ALL),
                    entry("meta_app", ALL),
                    entry("oldest_program", LOCK),
                    entry("operator_action", ALL),
                    entry("operator_token", ALL),
                    entry("person_case", ALL),
                    entry("receipt", ALL),
                    entry("relay_key", ALL),
                    entry("replica", ALL),
                    entry("retention_sweep", ALL),
                    entry("retry_delivery", LOCK),
                    entry("subscriber", READ),
                    entry("subscription", ALL),
                    entry("system_gate", ALL),
                    entry("system_health", ALL),
                    entry("system_secret", ALL),
                    entry("test_delivery", ALL));

    private static final String FUNCTIONS =
            "audit_prepare_months, audit_begin_month, audit_drop_month";

    private Grants() {}

    /** The rights by table; {@code audit} stands for its months, too, which are its partitions. */
    static Map<String, String> tables() {
        return new TreeMap<>(TABLES);
    }

    /** Gives the role these rights and takes all others, in the connection's transaction. */
    static void give(Connection connection, String role) throws SQLException {
        try (var statement = connection.createStatement()) {
            var name = statement.enquoteIdentifier(role, true);
            statement.execute("GRANT USAGE ON SCHEMA public TO " + name);
            for (var each : TABLES.entrySet()) {
                give(statement, each.getKey(), each.getValue(), name);
            }
            statement.execute("GRANT SELECT ON SEQUENCE audit_id TO " + name);
            statement.execute("GRANT EXECUTE ON FUNCTION " + FUNCTIONS + " TO " + name);
        }
    }

    private static void give(Statement statement, String table, String rights, String role)
            throws SQLException {
        statement.execute("REVOKE ALL ON " + table + " FROM " + role);
        statement.execute("GRANT " + rights + " ON " + table + " TO " + role);
    }
}
