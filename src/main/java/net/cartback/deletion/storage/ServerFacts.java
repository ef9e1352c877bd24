package net.cartback.deletion.storage;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * What the database server says of itself, and of the role that the relay enters with.
 *
 * @param version as in {@code 18.6}
 * @param tls the version of TLS of this connection; null: it is not encrypted
 * @param isSuperuser whether nothing holds the role back
 * @param ownsTables whether the role could change or drop the relay's tables
 * @param missingRights what it may not do and needs, as in {@code SELECT on audit}
 * @param mayReadStatistics whether it sees transactions of other roles (pg_read_all_stats)
 * @param connectionLimit of the role; -1: none
 * @param maxConnections of the server
 * @param waitsForStandbys whether a commit waits for a standby
 */
public record ServerFacts(
        String version,
        @Nullable String tls,
        String role,
        boolean isSuperuser,
        boolean ownsTables,
        List<String> missingRights,
        boolean mayReadStatistics,
        int connectionLimit,
        int maxConnections,
        boolean waitsForStandbys) {

    private static final String OF =
            """
            SELECT current_setting('server_version') AS version,
                   (SELECT s.version FROM pg_stat_ssl s
                     WHERE s.pid = pg_backend_pid()) AS tls,
                   r.rolname, r.rolsuper, r.rolconnlimit,
                   EXISTS (SELECT 1 FROM pg_class c
                            WHERE c.relnamespace = 'public'::regnamespace
                              AND c.relname = 'deletion_request'
                              AND pg_has_role(c.relowner, 'USAGE')) AS owns,
                   pg_has_role('pg_read_all_stats', 'USAGE') AS reads,
                   current_setting('max_connections')::int AS most,
                   current_setting('synchronous_standby_names') <> ''
                       AS waits
              FROM pg_roles r
             WHERE r.rolname = current_user
            """;

    private static final String MISSING =
            "SELECT NOT" + " COALESCE(has_table_privilege(to_regclass(:table)," + " :right), true)";

    /**
     * Asks for them.
     *
     * @throws DatabaseUnavailable if the database cannot be reached
     */
    public static ServerFacts of(Database database) {
        return database.withHandle(
                handle ->
                        handle.createQuery(OF)
                                .map(
                                        (row, context) ->
                                                new ServerFacts(
                                                        row.getString("version"),
                                                        row.getString("tls"),
                                                        row.getString("rolname"),
                                                        row.getBoolean("rolsuper"),
                                                        row.getBoolean("owns"),
                                                        missing(handle),
                                                        row.getBoolean("reads"),
                                                        row.getInt("rolconnlimit"),
                                                        row.getInt("most"),
                                                        row.getBoolean("waits")))
                                .one());
    }

    /** Skips tables that do not exist: the check of the schema reports them. */
    private static List<String> missing(Handle handle) {
        var missing = new ArrayList<String>();
        for (var table : Grants.tables().entrySet()) {
            for (var right : table.getValue().split(", ", -1)) {
                boolean lacks =
                        handle.createQuery(MISSING)
                                .bind("table", table.getKey())
                                .bind("right", right)
                                .mapTo(Boolean.class)
                                .one();
                if (lacks) {
                    missing.add(right + " on " + table.getKey());
                }
            }
        }
        return missing;
    }
}
