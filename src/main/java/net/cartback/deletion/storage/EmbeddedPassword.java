package net.cartback.deletion.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;

/**
 * The password of the embedded server's superuser, in a file that only its owner can read. Every
 * user of the machine can reach the server on loopback, and its superuser may read files and run
 * programs as the user who started the server.
 */
final class EmbeddedPassword {

    private static final String REQUIRE = "SELECT pg_reload_conf()";

    private static final String FILE = "postgres-password";
    private static final int BYTES = 32;
    private static final Duration RELOAD_LIMIT = Duration.ofSeconds(30);
    private static final Duration RELOAD_LOOK = Duration.ofMillis(20);

    /** SCRAM-SHA-256 (RFC 7677) for everybody, over TCP alone. */
    private static final String RULES =
            """
            host all all 127.0.0.1/32 scram-sha-256
            host all all ::1/128 scram-sha-256
            """;

    private EmbeddedPassword() {}

    static Path file(Path directory) {
        return directory.resolve(FILE);
    }

    /**
     * The password of a server that another process runs; null: one of an older version has none.
     */
    static @Nullable String read(Path directory) throws IOException {
        var file = file(directory);
        return Files.exists(file) ? Files.readString(file, US_ASCII).strip() : null;
    }

    /** The password of this directory's server; a new one if there is none yet. */
    static String readOrMake(Path directory) throws IOException {
        var there = read(directory);
        if (there != null) {
            return there;
        }
        var bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        var password = HexFormat.of().formatHex(bytes);
        write(file(directory), password + "\n");
        return password;
    }

    /** Whole, or not at all. A temporary file is its owner's alone from the start. */
    private static void write(Path file, String content) throws IOException {
        var whole = Files.createTempFile(file.resolveSibling("."), "relay", ".new");
        try (var channel = FileChannel.open(whole, StandardOpenOption.WRITE)) {
            channel.write(US_ASCII.encode(content));
            channel.force(true);
        }
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Lets the server ask for the password, where one of an older version asked for none; it does
     * when this returns.
     */
    static void require(EmbeddedPostgres server, Path data, String password) throws IOException {
        var rules = data.resolve("pg_hba.conf");
        if (Files.readString(rules).equals(RULES)) {
            return;
        }
        try (var connection =
                        server.getPostgresDatabase(Map.of("password", password)).getConnection();
                var statement = connection.createStatement()) {
            statement.execute("ALTER ROLE postgres PASSWORD " + statement.enquoteLiteral(password));
            write(rules, RULES);
            statement.execute(REQUIRE);
            awaitRefusal(server);
        } catch (SQLException e) {
            throw new IOException("The database server's password could not be set", e);
        }
    }

    private static void awaitRefusal(EmbeddedPostgres server) throws IOException {
        long deadline = System.nanoTime() + RELOAD_LIMIT.toNanos();
        while (letsIn(server)) {
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "The database server still accepts connections without a password");
            }
            try {
                Thread.sleep(RELOAD_LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("Interrupted while the database server read its rules", e);
            }
        }
    }

    private static boolean letsIn(EmbeddedPostgres server) {
        var url = "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres";
        try (var connection = DriverManager.getConnection(url, "postgres", "")) {
            return connection.isValid(1);
        } catch (SQLException e) {
            return false;
        }
    }
}
