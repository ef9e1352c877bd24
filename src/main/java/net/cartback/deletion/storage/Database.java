package net.cartback.deletion.storage;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.terms.Actor;

import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The pool of connections to PostgreSQL, and the one door through which SQL runs.
 *
 * <p>Every wait ends: connecting after 3 s, waiting for a connection after 3 s, a lock after 5 s, a
 * statement after 10 s, an idle transaction after 10 s, a silent socket after 12 s. A transaction
 * that lost a deadlock or a serialization conflict is run again.
 *
 * <p>Throws {@link DatabaseUnavailable} when the database is away; it comes back by itself.
 */
public final class Database implements AutoCloseable {

    private static final String IN_TRANSACTION = "SELECT set_config('relay.actor', :actor, true)";

    private static final String LOST_SETTINGS = "SELECT" + " current_setting(:name)";

    private static final String OLDEST_SNAPSHOT =
            """
            SELECT COALESCE(max(CAST(1000 * EXTRACT(EPOCH FROM
                       clock_timestamp() - xact_start)
                       AS bigint)), 0)
              FROM pg_stat_activity
             -- One that has written holds them too, and the
             -- audit trail, wherever on the server it is.
             WHERE backend_xid IS NOT NULL
                OR (backend_xmin IS NOT NULL
                    AND datname = current_database())
            """;

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    /** For each use; who is called in vain for longer would rather be told. */
    public static final Duration CONNECT_LIMIT = Duration.ofSeconds(3);

    private static final int MAX_TRIES = 5;

    /** What every session has, with how the server shows it. */
    private static final Map<String, String> SETTINGS = new TreeMap<>();

    static {
        // Pages that are read often are in memory, so a look-up costs hardly more than the next row
        // of a scan. A plan must not change to a scan of a whole table.
        SETTINGS.put("plan_cache_mode", "force_generic_plan");
        SETTINGS.put("random_page_cost", "1.1");
        SETTINGS.put("statement_timeout", "10s");
        SETTINGS.put("lock_timeout", "5s");
        SETTINGS.put("idle_in_transaction_session_timeout", "10s");
        // A role or a database may set these differently. The second statement of a claim must see
        // what was committed before it, and only these limits may end a session.
        SETTINGS.put("default_transaction_isolation", "read\\ committed");
        SETTINGS.put("transaction_timeout", "0");
        SETTINGS.put("idle_session_timeout", "0");
        // What was answered survives a crash, whatever a role or a database says at any time.
        SETTINGS.put("synchronous_commit", "on");
    }

    /**
     * A machine that has vanished holds its locks and its connections no longer than a minute. Not
     * required: behind a proxy of its own machine, the server has none of them.
     */
    private static final String KEEPALIVES =
            " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

    private final DatabaseAddress address;
    private final HikariDataSource pool;
    private final Jdbi jdbi;

    /** Opens a pool of at most {@code size} connections. Does not need the database to be there. */
    public Database(DatabaseAddress address, int size) {
        this(address, size, null, CONNECT_LIMIT);
    }

    /**
     * As {@link #Database(DatabaseAddress, int)}, for programs other than the relay itself.
     *
     * @param actor the actor of all changes over these connections in the audit trail; null: the
     *     usual actor of each change
     * @param connectLimit how long each use may wait for a connection
     */
    public Database(
            DatabaseAddress address, int size, @Nullable Actor actor, Duration connectLimit) {
        this.address = address;
        var config = new HikariConfig();
        config.setPoolName("relay");
        config.setJdbcUrl(address.jdbcUrl());
        var properties = properties(address);
        if (actor != null) {
            properties.merge(
                    "options", " -c relay.actor=" + actor, (before, more) -> "" + before + more);
        }
        config.setDataSourceProperties(properties);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(Math.min(2, size));
        config.setConnectionTimeout(connectLimit.toMillis());
        config.setValidationTimeout(1_000);
        config.setExceptionOverrideClassName(EvictStandby.class.getName());
        // -1: the pool opens although the database is away; each use says so for itself.
        config.setInitializationFailTimeout(-1);
        this.pool = new HikariDataSource(config);
        this.jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        jdbi.registerArrayType(
                Instant.class, "timestamptz", at -> at == null ? null : at.toString());
        jdbi.registerArgument(new Columns.Instants());
        jdbi.setSqlLogger(new Standbys());
        // An exception that quotes its statement quotes its arguments too.
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
    }

    /** Tells of the pool: connections in use, waited for, refused. */
    public void measure(MeterRegistry meters) {
        pool.setMetricRegistry(meters);
    }

    /**
     * Runs the callback in one transaction (READ COMMITTED) and commits it.
     *
     * <p>The callback may run several times, so it must have no effect outside the database.
     */
    public <T extends @Nullable Object, X extends Exception> T inTransaction(
            HandleCallback<T, X> callback) throws X {
        return surely(
                () ->
                        jdbi.withHandle(
                                handle -> {
                                    T result = handle.inTransaction(callback);
                                    Standbys.require(handle.getConnection());
                                    return result;
                                }));
    }

    /** Runs the callback as {@link #inTransaction}, for what it does and not for a result. */
    public <X extends Exception> void useTransaction(HandleConsumer<X> callback) throws X {
        inTransaction(callback.asCallback());
    }

    /** The same; the audit trail tells that this actor did it. */
    public <X extends Exception> void useTransaction(Actor actor, HandleConsumer<X> callback)
            throws X {
        inTransaction(actor, callback.asCallback());
    }

    /**
     * Runs the callback as {@link #inTransaction}; the audit trail tells that this actor did it.
     */
    public <T extends @Nullable Object, X extends Exception> T inTransaction(
            Actor actor, HandleCallback<T, X> callback) throws X {
        return inTransaction(
                handle -> {
                    handle.createQuery(IN_TRANSACTION)
                            .bind("actor", actor.toString())
                            .mapTo(String.class)
                            .one();
                    return callback.withHandle(handle);
                });
    }

    /**
     * Runs the callback on one connection, each statement a transaction of its own.
     *
     * <p>The callback may run several times, so it must have no effect outside the database, and
     * what it has done before may be there already.
     */
    public <T extends @Nullable Object, X extends Exception> T withHandle(
            HandleCallback<T, X> callback) throws X {
        return surely(() -> jdbi.withHandle(callback));
    }

    /** Runs the callback as {@link #withHandle}, for what it does and not for a result. */
    public <X extends Exception> void useHandle(HandleConsumer<X> callback) throws X {
        withHandle(callback.asCallback());
    }

    /**
     * Runs the work while holding this lock, which only one process of all replicas can hold. The
     * lock is free again when the work ends or the process is gone.
     *
     * @return empty if another process holds the lock
     * @throws DatabaseUnavailable while the database is away
     */
    public <T> Optional<T> exclusively(long lock, Supplier<T> work) {
        try (var alone = connectAlone();
                var statement = alone.createStatement();
                var row = statement.executeQuery("SELECT pg_try_advisory_lock(" + lock + ")")) {
            row.next();
            if (!row.getBoolean(1)) {
                return Optional.empty();
            }
            try {
                return Optional.of(work.get());
            } finally {
                // The server notices the end of a connection a moment later than its caller.
                release(alone, lock);
            }
        } catch (SQLException e) {
            throw SqlFaults.translated(new IllegalStateException("The lock could not be taken", e));
        }
    }

    private static void release(Connection alone, long lock) {
        try (var statement = alone.createStatement()) {
            statement.execute("SELECT pg_advisory_unlock(" + lock + ")");
        } catch (SQLException e) {
            // It is free when the connection is gone.
            log.debug("A lock could not be given back", e);
        }
    }

    private interface Work<T extends @Nullable Object, X extends Exception> {
        T run() throws X;
    }

    private static <T extends @Nullable Object, X extends Exception> T surely(Work<T, X> work)
            throws X {
        for (int tries = 1; ; tries++) {
            try {
                return work.run();
            } catch (RuntimeException e) {
                if (tries == MAX_TRIES || !SqlFaults.mayRerun(e)) {
                    throw SqlFaults.translated(e);
                }
            }
        }
    }

    /**
     * A connection outside the pool, for what must keep one of its own (LISTEN, the schema's
     * migration). The caller closes it.
     */
    Connection connectAlone() throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), properties(address));
    }

    /**
     * The settings that a session lacks because a pooler or a proxy dropped them; empty if it has
     * all of them.
     *
     * @throws DatabaseUnavailable while the database is away
     */
    public List<String> lostSettings() {
        return withHandle(
                handle ->
                        SETTINGS.entrySet().stream()
                                .filter(
                                        each ->
                                                !each.getValue()
                                                        .replace("\\", "")
                                                        .equals(
                                                                handle.createQuery(LOST_SETTINGS)
                                                                        .bind("name", each.getKey())
                                                                        .mapTo(String.class)
                                                                        .one()))
                                .map(Map.Entry::getKey)
                                .toList());
    }

    /**
     * The age of the oldest transaction that keeps dead rows or holds up the audit trail, among
     * those that this role may see.
     */
    public Duration oldestSnapshot() {
        return withHandle(
                handle ->
                        Duration.ofMillis(
                                handle.createQuery(OLDEST_SNAPSHOT).mapTo(Long.class).one()));
    }

    @Override
    public void close() {
        pool.close();
    }

    static Properties properties(DatabaseAddress address) {
        var properties = new Properties();
        properties.setProperty("ApplicationName", "deletion-relay");
        properties.setProperty("connectTimeout", Long.toString(CONNECT_LIMIT.toSeconds()));
        properties.setProperty("socketTimeout", "12");
        properties.setProperty("tcpKeepAlive", "true");
        // A server's error detail may quote a row.
        properties.setProperty("logServerErrorDetail", "false");
        // Where there are several hosts, and after a failover, the one that takes writes.
        properties.setProperty("targetServerType", "primary");
        properties.setProperty("hostRecheckSeconds", "2");
        properties.putAll(address.options());
        // Ours are the last, and so hold: what the address says is added to them.
        var settings = new StringBuilder(address.options().getOrDefault("options", ""));
        SETTINGS.forEach(
                (name, value) -> settings.append(" -c ").append(name).append('=').append(value));
        properties.setProperty("options", settings.append(KEEPALIVES).toString().strip());
        if (address.user() != null) {
            properties.setProperty("user", address.user());
        }
        if (address.password() != null) {
            properties.setProperty("password", address.password());
        }
        return properties;
    }
}
