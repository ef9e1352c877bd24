package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.storage.Migrations;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The embedded PostgreSQL, as durable as the relay runs it, with a new database for each part. */
final class Postgres implements AutoCloseable {

    private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+) ");

    private final Path directory;
    private final @Nullable EmbeddedDatabase server;
    private final int port;
    private final String password;

    Postgres(Path directory) {
        this.directory = directory;
        server = EmbeddedDatabase.open(directory);
        port = server.address().port();
        password = String.valueOf(server.address().password());
    }

    /** One that another process has started, and ends. */
    Postgres(Path directory, int port, String password) {
        this.directory = directory;
        this.server = null;
        this.port = port;
        this.password = password;
    }

    void drop(String name) throws SQLException {
        try (var connection = connect("postgres");
                var statement = connection.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        }
    }

    /** Runs SQL from outside of the databases of the parts. */
    void execute(String sql) throws SQLException {
        try (var connection = connect("postgres");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** A new, migrated database. */
    Db create(String name) throws SQLException {
        drop(name);
        try (var connection = connect("postgres");
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
        var address = new DatabaseAddress("127.0.0.1", port, name, "postgres", password, Map.of());
        Migrations.migrate(address, null);
        return new Db(name, address);
    }

    /** CPU seconds of the server and all its processes since it started. */
    double cpuSeconds() throws IOException {
        var postmaster =
                Long.parseLong(
                        Files.readAllLines(directory.resolve("postgres/postmaster.pid"))
                                .getFirst()
                                .strip());
        double seconds = Cpu.ofWithEnded(postmaster);
        for (var child : ProcessHandle.of(postmaster).orElseThrow().children().toList()) {
            seconds += Cpu.of(child.pid());
        }
        return seconds;
    }

    /** Transactions per second that pgbench reaches with this script. */
    double pgbench(Db db, Path script, int seconds) throws IOException, InterruptedException {
        var command =
                List.of(
                        "pgbench",
                        "-h",
                        "127.0.0.1",
                        "-p",
                        "" + port,
                        "-U",
                        "postgres",
                        "-n",
                        "-M",
                        "prepared",
                        "-c",
                        "16",
                        "-j",
                        "2",
                        "-T",
                        "" + seconds,
                        "-f",
                        script.toString(),
                        db.name());
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", password);
        var process = builder.start();
        var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (!process.waitFor(seconds + 30L, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        var tps = TPS.matcher(output);
        if (!tps.find()) {
            throw new IllegalStateException("pgbench said no figure:\n" + output);
        }
        return Double.parseDouble(tps.group(1));
    }

    private Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + database, "postgres", password);
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }

    /** One database. */
    final class Db {

        private final String name;
        private final DatabaseAddress address;

        private Db(String name, DatabaseAddress address) {
            this.name = name;
            this.address = address;
        }

        String name() {
            return name;
        }

        DatabaseAddress address() {
            return address;
        }

        String url() {
            return "postgres://postgres:" + password + "@127.0.0.1:" + port + "/" + name;
        }

        String jdbcUrl() {
            return "jdbc:postgresql://127.0.0.1:" + port + "/" + name + "?password=" + password;
        }

        Connection connect() throws SQLException {
            return Postgres.this.connect(name);
        }

        void execute(String... sql) throws SQLException {
            try (var connection = connect();
                    var statement = connection.createStatement()) {
                for (var each : sql) {
                    statement.execute(each);
                }
            }
        }

        long count(String sql) throws SQLException {
            try (var connection = connect();
                    var statement = connection.createStatement();
                    var row = statement.executeQuery(sql)) {
                row.next();
                return row.getLong(1);
            }
        }

        List<String> texts(String sql) throws SQLException {
            var texts = new ArrayList<String>();
            try (var connection = connect();
                    var statement = connection.createStatement();
                    var rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    texts.add(rows.getString(1));
                }
            }
            return texts;
        }
    }
}
