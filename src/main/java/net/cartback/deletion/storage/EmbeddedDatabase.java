package net.cartback.deletion.storage;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A PostgreSQL server of our own under a data directory, kept across restarts and as durable as any
 * ({@code fsync} and {@code synchronous_commit} on). It listens on loopback only, and asks for a
 * password that its owner alone can read.
 *
 * <p>One process owns a directory: it starts the server and stops it. Another one (a command beside
 * a running relay) is a guest: it uses the server and leaves it alone. A server whose owner was
 * killed is found by its pid file and stopped before a new one is started.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration JOIN_POLL = Duration.ofMillis(200);

    private final DatabaseAddress address;
    private final @Nullable EmbeddedPostgres server;
    private final @Nullable FileLock ownership;
    private final @Nullable ProcessHandle postmaster;

    private EmbeddedDatabase(
            int port,
            @Nullable String password,
            @Nullable EmbeddedPostgres server,
            @Nullable FileLock ownership,
            @Nullable ProcessHandle postmaster) {
        this.address =
                new DatabaseAddress("127.0.0.1", port, "postgres", "postgres", password, Map.of());
        this.server = server;
        this.ownership = ownership;
        this.postmaster = postmaster;
    }

    /** Whether the libraries that it needs are there; an image for production leaves them out. */
    public static boolean isInstalled() {
        return EmbeddedDatabase.class.getResource(
                        "/io/zonky/test/db/postgres/embedded/EmbeddedPostgres.class")
                != null;
    }

    /** Whether there is a database in this directory. */
    public static boolean isThere(Path directory) {
        return Files.exists(directory.resolve("postgres/PG_VERSION"));
    }

    /**
     * Starts the server of this directory, or joins the one that another process runs there.
     *
     * @throws EmbeddedDatabaseFailed if it cannot be had; the message says why
     */
    public static EmbeddedDatabase open(Path given) {
        // PostgreSQL writes the real path into its pid file; ours must compare equal to it.
        var directory = given.toAbsolutePath().normalize();
        try {
            Files.createDirectories(directory);
            directory = directory.toRealPath();
            var ownership =
                    FileChannel.open(
                                    directory.resolve("owner.lock"),
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.WRITE)
                            .tryLock();
            return ownership == null ? join(directory) : start(directory, ownership);
        } catch (IOException | IllegalStateException e) {
            throw new EmbeddedDatabaseFailed(given, e);
        }
    }

    /** Where the server is. */
    public DatabaseAddress address() {
        return address;
    }

    /**
     * Whether the server that this process owns still runs. One that was killed does not come back
     * by itself; true where another process owns it.
     */
    public boolean isRunning() {
        return server == null || postmaster == null || postmaster.isAlive();
    }

    /** Whether this process owns the server, and will stop it. */
    public boolean isOwner() {
        return ownership != null;
    }

    @Override
    public void close() {
        try {
            if (server != null) {
                server.close();
            }
            if (ownership != null) {
                ownership.acquiredBy().close();
            }
        } catch (IOException e) {
            log.warn(
                    "The embedded PostgreSQL did not stop cleanly; it recovers at the next start",
                    e);
        }
    }

    private static EmbeddedDatabase start(Path directory, FileLock ownership) throws IOException {
        var data = directory.resolve("postgres");
        stopLeftover(data);
        var password = EmbeddedPassword.readOrMake(directory);
        var server =
                EmbeddedPostgres.builder()
                        .setDataDirectory(data)
                        .setCleanDataDirectory(false)
                        // The relay's own stop closes it, after everything that uses it.
                        .setRegisterShutdownHook(false)
                        .setPGStartupWait(START_LIMIT)
                        .setServerConfig("listen_addresses", "127.0.0.1")
                        .setServerConfig("unix_socket_directories", "")
                        // The library's own default trades durability for speed.
                        .setServerConfig("fsync", "on")
                        .setServerConfig("synchronous_commit", "on")
                        .setServerConfig("full_page_writes", "on")
                        // Of initdb: whoever is new has it from the first moment.
                        .setLocaleConfig("auth-host", "scram-sha-256")
                        .setLocaleConfig("pwfile", EmbeddedPassword.file(directory).toString())
                        .setConnectConfig("password", password)
                        .start();
        EmbeddedPassword.require(server, data, password);
        return new EmbeddedDatabase(
                server.getPort(), password, server, ownership, postmaster(data));
    }

    private static @Nullable ProcessHandle postmaster(Path data) throws IOException {
        var pid = Files.readAllLines(data.resolve("postmaster.pid")).getFirst().strip();
        return ProcessHandle.of(Long.parseLong(pid)).orElse(null);
    }

    /**
     * The owner may be starting or stopping the server at this moment. So the pid file must be
     * whole and say "ready" (its eighth line), and its port must answer.
     */
    private static EmbeddedDatabase join(Path directory) throws IOException {
        var pidFile = directory.resolve("postgres/postmaster.pid");
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            var lines = Files.exists(pidFile) ? Files.readAllLines(pidFile) : List.<String>of();
            if (lines.size() >= 8 && lines.get(7).strip().equals("ready")) {
                int port = Integer.parseInt(lines.get(3).strip());
                if (answers(port)) {
                    return new EmbeddedDatabase(
                            port, EmbeddedPassword.read(directory), null, null, null);
                }
            }
            try {
                Thread.sleep(JOIN_POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while another process started it", e);
            }
        }
        throw new IllegalStateException(
                "another process owns it, and the server of that process was not ready within "
                        + START_LIMIT.toSeconds()
                        + " seconds");
    }

    private static boolean answers(int port) {
        try (var socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port),
                    (int) JOIN_POLL.toMillis());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The first line of the pid file is the server's process; its owner is gone, since we own. */
    private static void stopLeftover(Path data) throws IOException {
        var pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        var lines = Files.readAllLines(pidFile);
        boolean whole = !lines.isEmpty() && lines.getFirst().strip().matches("[0-9]{1,10}");
        var process = whole ? leftover(lines, data) : null;
        if (process == null) {
            return;
        }
        log.atInfo()
                .addKeyValue("pid", process.pid())
                .log("Stopping the database server that a killed relay left behind");
        process.destroy();
        try {
            process.onExit().get(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a left-over server stopped", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "a PostgreSQL that a killed relay left behind (process "
                            + process.pid()
                            + ") still has connections and does not stop; stop it by hand",
                    e);
        }
    }

    /**
     * A process id may have been given to another program since: it must be PostgreSQL, in our
     * directory.
     */
    private static @Nullable ProcessHandle leftover(List<String> lines, Path data) {
        var process = ProcessHandle.of(Long.parseLong(lines.get(0).trim())).orElse(null);
        if (process == null || !process.isAlive()) {
            return null;
        }
        var command = process.info().commandLine().orElse("");
        boolean ours =
                command.contains("postgres")
                        && lines.size() > 1
                        && Path.of(lines.get(1)).toAbsolutePath().equals(data.toAbsolutePath());
        return ours ? process : null;
    }
}
