package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The relay as it is delivered, in a process of its own. */
final class Relay implements AutoCloseable {

    static final String APP = "1234567890";
    static final String SECRET = "0123456789abcdef0123456789abcdef";

    private static final Pattern READY =
            Pattern.compile("\"port\": ?\"?(\\d+)\"?.*?\"management_port\": ?\"?(\\d+)");
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Process process;
    private final Path log;
    private final double readyMs;
    private final int port;
    private final int managementPort;

    /**
     * Starts and waits until it is ready.
     *
     * @param systems the systems' entries of a registry file
     */
    Relay(
            Path directory,
            Postgres.Db db,
            List<String> systems,
            List<String> jvm,
            Map<String, String> environment)
            throws IOException, InterruptedException {
        this(
                directory,
                db,
                systems,
                Map.of(
                        APP,
                        systems.stream()
                                .map(each -> each.replaceAll(".*\\bid: ([a-z]+),.*", "$1"))
                                .toList()),
                jvm,
                environment);
    }

    /**
     * As the other, with several apps.
     *
     * @param apps which systems serve which app
     */
    Relay(
            Path directory,
            Postgres.Db db,
            List<String> systems,
            Map<String, List<String>> apps,
            List<String> jvm,
            Map<String, String> environment)
            throws IOException, InterruptedException {
        Files.createDirectories(directory);
        var keyring = directory.resolve("keyring.json");
        var jar = Path.of("target/deletion-relay.jar").toAbsolutePath().toString();
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        if (!Files.exists(keyring)) {
            run(List.of(java, "-jar", jar, "keys", "generate", keyring.toString()));
        }
        var registry = directory.resolve("registry.yaml");
        Files.writeString(registry, registry(systems, apps));
        log = directory.resolve("relay-" + db.name() + ".log");
        var command = new ArrayList<String>(List.of(java, "-Xmx1g", "-XX:+UseParallelGC"));
        command.addAll(jvm);
        command.addAll(List.of("-jar", jar, "serve"));
        var builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment()
                .putAll(
                        Map.of(
                                "PORT", "0",
                                "MANAGEMENT_PORT", "0",
                                "HOST", "127.0.0.1",
                                "DATABASE_URL", db.url(),
                                "PUBLIC_URL", "http://localhost:8080",
                                "KEYRING_FILE", keyring.toString(),
                                "ADMIN_TOKEN", "bench-admin-token-0123456789abcdef",
                                "REGISTRY_FILE", registry.toString(),
                                "OUTBOUND_ALLOW", "127.0.0.0/8"));
        builder.environment().putAll(environment);
        long start = System.nanoTime();
        process = builder.start();
        var ready = READY.matcher("");
        while (!ready.reset(Files.readString(log)).find()) {
            if (!process.isAlive() || System.nanoTime() - start > PATIENCE.toNanos()) {
                process.destroyForcibly();
                throw new IllegalStateException("Not ready:\n" + Files.readString(log));
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        readyMs = (System.nanoTime() - start) / 1e6;
        port = Integer.parseInt(ready.group(1));
        managementPort = Integer.parseInt(ready.group(2));
    }

    /** From the process' start to the line that says it is ready. */
    double readyMs() {
        return readyMs;
    }

    int port() {
        return port;
    }

    int managementPort() {
        return managementPort;
    }

    long pid() {
        return process.pid();
    }

    /** The lines of its metrics whose names match. */
    String metrics(String names) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            var body =
                    client.send(
                                    HttpRequest.newBuilder(
                                                    URI.create(
                                                            "http://127.0.0.1:"
                                                                    + managementPort
                                                                    + "/metrics"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body();
            return body.lines()
                    .filter(line -> line.matches(names + "[ {].*"))
                    .collect(Collectors.joining(", "));
        }
    }

    double cpuSeconds() throws IOException {
        return Cpu.of(pid());
    }

    /** Ends it as the kernel would. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String registry(List<String> systems, Map<String, List<String>> apps) {
        var yaml = new StringBuilder();
        if (!systems.isEmpty()) {
            yaml.append("systems:\n");
            systems.forEach(each -> yaml.append("  - ").append(each).append('\n'));
        }
        yaml.append("apps:\n");
        apps.forEach(
                (id, ids) ->
                        yaml.append(
                                "  - {id: \"%s\", name: Bench, secrets: [{value: %s}], systems: [%s]}\n"
                                        .formatted(id, SECRET, String.join(", ", ids))));
        return yaml.toString();
    }

    /** The entry of a system that is limited by nothing but itself. */
    static String system(String id, String url) {
        return system(id, url, "timeout: PT15S");
    }

    /** As the other, with one more field. */
    static String system(String id, String url, String more) {
        return "{id: %s, name: %s, url: \"%s\", secrets: [{value: whsec_%s}], max_in_flight: 1000, rate_per_minute: 1000000, %s}"
                .formatted(id, id, url, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", more);
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(output);
        }
    }
}
