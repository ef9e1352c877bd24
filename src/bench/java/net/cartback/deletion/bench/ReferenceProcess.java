package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link Reference} in a process of its own, so that it shares nothing with the load. */
final class ReferenceProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;

    ReferenceProcess(String kind, Postgres.Db db, List<String> urls) throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command =
                new ArrayList<String>(
                        List.of(
                                java,
                                "-Xmx1g",
                                "-XX:+UseParallelGC",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Reference.class.getName(),
                                kind,
                                db.jdbcUrl()));
        command.addAll(urls);
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /** Calls per second over so many calls. */
    double perSecond(int calls) throws IOException {
        process.getOutputStream().write((calls + "\n").getBytes(UTF_8));
        process.getOutputStream().flush();
        var before = new StringBuilder();
        for (var line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith("seconds ")) {
                return calls / Double.parseDouble(line.substring("seconds ".length()));
            }
            before.append(line).append('\n');
        }
        throw new IllegalStateException("The reference ended:\n" + before);
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
