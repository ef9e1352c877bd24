package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.storage.EmbeddedDatabase;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The embedded PostgreSQL, started by a process of its own, so that it has a clock of its own. */
final class SteppedPostgres implements AutoCloseable {

    private final Process process;
    private final Postgres postgres;

    /**
     * Starts it.
     *
     * @param clock what its environment needs for its clock
     */
    SteppedPostgres(Path directory, Map<String, String> clock) throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var builder =
                new ProcessBuilder(
                                List.of(
                                        java,
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        SteppedPostgres.class.getName(),
                                        directory.toString()))
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(clock);
        process = builder.start();
        var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        var words = lines.readLine();
        while (words != null && !words.startsWith("at ")) {
            words = lines.readLine();
        }
        if (words == null) {
            throw new IllegalStateException("The database did not start");
        }
        var address = words.split(" ", -1);
        postgres = new Postgres(directory, Integer.parseInt(address[1]), address[2]);
    }

    Postgres postgres() {
        return postgres;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The server's process: it lasts until its input ends. */
    public static void main(String[] arguments) throws IOException {
        try (var server = EmbeddedDatabase.open(Path.of(arguments[0]))) {
            var address = server.address();
            System.out.println("at " + address.port() + " " + address.password());
            var _ = System.in.readAllBytes();
        }
    }
}
