package net.cartback.deletion.storage;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

import javax.sql.DataSource;

/**
 * Brings the schema to the state this program needs, and tells whether it is there. Flyway holds an
 * advisory lock meanwhile, so any number of processes may try at once.
 */
public final class Migrations {

    private static final String FORGET_FAILED =
            "DELETE FROM flyway_schema_history WHERE NOT success";

    /** The version of the newest migration that this program knows. */
    public static final int SCHEMA = 28;

    /**
     * On the way to a first migration: the role or the database does not exist yet (28000, 3D000),
     * or the tables are there and not yet granted (42501).
     */
    private static final Set<String> NOT_YET = Set.of("28000", "3D000", "42501");

    private static final int MIN_VERSION = 180_000;

    private static final Logger log = LoggerFactory.getLogger(Migrations.class);

    /** Twenty minutes in all: longer than most backups hold a table. */
    private static final int LOCKED_TRIES = 600;

    private static final int TOLD_EACH = 30;

    private static final Duration BETWEEN_TRIES = Duration.ofSeconds(2);

    private Migrations() {}

    /**
     * Applies what is missing, as the schema's owner, and lets the service's role use the tables.
     *
     * @param serviceRole the role the service enters with; null or the owner's own: nothing to
     *     grant
     * @return how many migrations were applied
     * @throws DatabaseUnavailable if the database cannot be reached
     * @throws SchemaRefused if it cannot be what this schema needs
     */
    public static int migrate(DatabaseAddress owner, @Nullable String serviceRole) {
        int applied;
        try {
            requireRights(owner);
            var flyway = flyway(unpooled(owner)).load();
            requireNotNewer(flyway);
            forgetFailed(owner);
            applied = applied(flyway);
        } catch (FlywayException e) {
            throw refused(e).orElseGet(() -> translated(e));
        }
        if (serviceRole != null && !serviceRole.equals(owner.user())) {
            grant(owner, serviceRole);
        }
        return applied;
    }

    /**
     * Whether every migration this program knows has been applied. Newer ones do no harm unless
     * they say so, in {@code oldest_program}.
     *
     * @throws DatabaseUnavailable if the database cannot be reached
     * @throws SchemaRefused if this program is too old for it
     */
    public static boolean isCurrent(DatabaseAddress address) {
        try {
            boolean isCurrent = flyway(limited(address)).load().info().pending().length == 0;
            if (isCurrent) {
                requireNotTooOld(address);
            }
            return isCurrent;
        } catch (FlywayException e) {
            throw translated(e);
        }
    }

    private static void requireNotTooOld(DatabaseAddress address) {
        try (var connection = limited(address).getConnection();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT knows_schema FROM oldest_program")) {
            if (row.next() && row.getInt(1) > SCHEMA) {
                throw new SchemaRefused(tooOld(row.getInt(1)));
            }
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** What to tell of a program that is too old for the schema. */
    public static String tooOld(int oldest) {
        return "This program is too old for the database: it knows the schema up to version "
                + SCHEMA
                + ", but the stored data needs a program that knows version "
                + oldest
                + ". Run the newer version; docs/UPGRADING.md says how to go back";
    }

    /** A newer program's tables and rights are not this one's to touch. */
    private static void requireNotNewer(Flyway flyway) {
        var current = flyway.info().current();
        if (current != null
                && current.getVersion() != null
                && current.getVersion().isNewerThan(Integer.toString(SCHEMA))) {
            throw new SchemaRefused(
                    "The schema is of version "
                            + current.getVersion()
                            + ", but this program knows the schema only up to version "
                            + SCHEMA
                            + ": nothing is done. Use the newer program's migrate;"
                            + " docs/UPGRADING.md says how to go back");
        }
    }

    /**
     * A session that waits for a lock on a table makes all later sessions wait, callbacks included.
     * So a migration waits only for a moment, and tries again while other sessions go on.
     */
    private static int applied(Flyway flyway) {
        for (int tries = 1; ; tries++) {
            try {
                return flyway.migrate().migrationsExecuted;
            } catch (FlywayException e) {
                if (!isLocked(e) || tries == LOCKED_TRIES) {
                    throw e;
                }
                if (tries % TOLD_EACH == 1) {
                    log.warn(
                            "A migration waits for a lock on a table: an open transaction or a"
                                    + " backup holds the lock. It tries again every 2 s, for 20"
                                    + " minutes");
                }
                pause();
            }
        }
    }

    /** What was not in a transaction and failed is written down, and would not be tried again. */
    private static void forgetFailed(DatabaseAddress owner) {
        try (var connection = unpooled(owner).getConnection();
                var statement = connection.createStatement()) {
            if (isThere(statement)) {
                statement.execute(FORGET_FAILED);
            }
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    private static boolean isThere(Statement statement) throws SQLException {
        try (var row =
                statement.executeQuery("SELECT to_regclass('flyway_schema_history') IS NOT NULL")) {
            return row.next() && row.getBoolean(1);
        }
    }

    private static boolean isLocked(FlywayException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && SqlFaults.LOCKED.equals(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_TRIES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for a lock", e);
        }
    }

    private static FluentConfiguration flyway(DataSource source) {
        var configuration = Flyway.configure();
        // An open transaction that holds the lock would keep an index from being built
        // concurrently.
        configuration
                .getPluginRegister()
                .getExact(PostgreSQLConfigurationExtension.class)
                .setTransactionalLock(false);
        return configuration
                .dataSource(source)
                .locations("classpath:db/migration")
                .connectRetries(0)
                .lockRetryCount(60)
                .failOnMissingLocations(true)
                .cleanDisabled(true);
    }

    /** Within the service's limits: whoever only looks must not wait longer than they allow. */
    private static DataSource limited(DatabaseAddress address) {
        var source = new PGSimpleDataSource();
        source.setUrl(address.jdbcUrl());
        Database.properties(address)
                .forEach((name, value) -> set(source, (String) name, (String) value));
        return source;
    }

    /** Without a pool and without the service's limits: a migration may take its time. */
    private static DataSource unpooled(DatabaseAddress address) {
        var source = new PGSimpleDataSource();
        source.setUrl(address.jdbcUrl());
        set(source, "targetServerType", "primary");
        address.options().forEach((name, value) -> set(source, name, value));
        source.setUser(address.user());
        source.setPassword(address.password());
        source.setConnectTimeout(3);
        source.setApplicationName("deletion-relay migrate");
        source.setLogServerErrorDetail(false);
        set(
                source,
                "options",
                address.options().getOrDefault("options", "") + " -c lock_timeout=500ms");
        return source;
    }

    private static void set(PGSimpleDataSource source, String name, String value) {
        try {
            source.setProperty(name, value);
        } catch (SQLException e) {
            throw new IllegalArgumentException("Unknown option of the database URL: " + name, e);
        }
    }

    private static void grant(DatabaseAddress owner, String role) {
        try (var connection = unpooled(owner).getConnection()) {
            // At once: between two statements the service must not be able to do more than it may.
            connection.setAutoCommit(false);
            Grants.give(connection, role);
            connection.commit();
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** PostgreSQL 15 and newer let nobody but a database's owner make tables in it, at first. */
    private static void requireRights(DatabaseAddress owner) {
        try (var connection = unpooled(owner).getConnection();
                var statement = connection.createStatement();
                var row =
                        statement.executeQuery(
                                """
                                SELECT current_user, current_database(),
                                       has_schema_privilege('public', 'CREATE')
                                       AND has_database_privilege(current_database(), 'CREATE'),
                                       current_setting('server_version_num')::int
                                """)) {
            row.next();
            if (row.getInt(4) < MIN_VERSION) {
                throw new SchemaRefused(
                        "The database is PostgreSQL "
                                + row.getInt(4) / 10_000
                                + "; the relay needs 18 or newer");
            }
            if (!row.getBoolean(3)) {
                throw new SchemaRefused(
                        "The role %1$s may not create a schema and tables in the database %2$s. Run as its owner: GRANT CREATE ON DATABASE %2$s TO %1$s; GRANT CREATE ON SCHEMA public TO %1$s"
                                .formatted(row.getString(1), row.getString(2)));
            }
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** What the role may not do, in the server's words. */
    private static Optional<RuntimeException> refused(FlywayException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && "42501".equals(sql.getSQLState())) {
                return Optional.of(
                        new SchemaRefused(
                                "The role of MIGRATION_DATABASE_URL lacks a right: "
                                        + sql.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static RuntimeException translated(FlywayException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql
                    && (SqlFaults.meansUnavailable(sql) || NOT_YET.contains(sql.getSQLState()))) {
                return new DatabaseUnavailable(sql);
            }
        }
        return e;
    }
}
