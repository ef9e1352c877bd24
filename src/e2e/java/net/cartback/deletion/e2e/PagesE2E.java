package net.cartback.deletion.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.RelayProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * What README and the operator's guide tell to type, typed as it stands there into a shell. Only
 * the ports are others: those of the pages may be taken here.
 */
class PagesE2E {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Pattern READY =
            Pattern.compile("\"port\": ?\"?(\\d+)\"?.*?\"management_port\": ?\"?(\\d+)(?=\\D)");
    private static final String SETTINGS =
            "DATABASE_.*|MIGRATION_.*|KEYRING_.*|REGISTRY_.*|ADMIN_.*|TLS_.*|AUDIT_.*|DATA_DIR|PUBLIC_URL|HOST|MANAGEMENT_HOST";
    // A call that is refused ends the script.
    private static final String STRICT =
            "set -eu -o pipefail\ncurl() { command curl --retry 5 --fail-with-body \"$@\"; }\n";

    @TempDir Path directory;

    /** What was said last beside what was printed. */
    private static final String ERRORS = "errors.txt";

    @Test
    void what_the_pages_tell_to_type_works_as_it_stands_there() throws Exception {
        for (var program : List.of("bash", "curl", "openssl")) {
            assumeTrue(
                    Boolean.parseBoolean(System.getenv("CI")) || isThere(program),
                    program + " is not here");
        }
        Files.createSymbolicLink(
                directory.resolve("target"),
                Path.of(System.getProperty("relay.jar")).toAbsolutePath().getParent());
        var run = section("README.md", "## Run it");
        var build = "mvn -q package -DskipTests\n";
        assertThat(run.getFirst()).startsWith(build);
        var log = directory.resolve("serve.log");

        // The shell becomes the relay, so that it can be ended by its id.
        var relay =
                shell(
                        run.getFirst()
                                .replace(build, "")
                                .replace(
                                        "REGISTRY_FILE=registry.yaml java",
                                        "export REGISTRY_FILE=registry.yaml; exec java"),
                        log);
        try {
            var ports = ready(relay, log);
            var guide = "docs/guides/operate.md";

            var answer = Http.json(typed(run.get(1), ports).strip());
            var code = answer.get("confirmation_code").textValue();
            assertThat(RelayProcess.get(URI.create(answer.get("url").textValue())).statusCode())
                    .isEqualTo(200);

            var day = section(guide, "## An operator's day").getFirst();
            var told = typed(day, ports);
            assertThat(told).contains("\"state\":\"open\"", "crm");
            assertThat(
                            typed(
                                    day.lines().findFirst().orElseThrow()
                                            + "\n"
                                            + section(guide, "## Apps and systems").getFirst(),
                                    ports))
                    .contains("\"max_in_flight\":4");
            assertThat(typed(section(guide, "## Lists of ids").getFirst(), ports))
                    .contains(
                            "2 ids: 1 would be recorded, 1 repeats",
                            "2 ids: 1 recorded, 1 repeats");
            assertThat(
                            typed(
                                    section(guide, "## Keys and secrets")
                                            .getFirst()
                                            .lines()
                                            .limit(2)
                                            .reduce("", (a, b) -> a + b + "\n"),
                                    ports))
                    .contains("signing");
            assertThat(typed("java -jar target/deletion-relay.jar proof " + code, ports))
                    .startsWith("ey");
        } finally {
            relay.destroy();
            assertThat(relay.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
    }

    /** The blocks of code under a heading. */
    private static List<String> section(String page, String heading) throws IOException {
        var text = Files.readString(Path.of(page));
        var start = text.indexOf("\n" + heading + "\n");
        assertThat(start).as(heading).isNotNegative();
        var end = text.indexOf("\n## ", start + 1);
        return Pattern.compile("^```\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
                .matcher(text.substring(start, end))
                .results()
                .map(each -> each.group(1))
                .toList();
    }

    /** What a script that runs to its end has printed. */
    private String typed(String script, Ports ports) throws IOException, InterruptedException {
        var output = Files.createTempFile(directory, "output", ".txt");
        var process =
                shell(
                        STRICT
                                + script.replace("localhost:8080", "localhost:" + ports.people)
                                        .replace("localhost:9090", "localhost:" + ports.operators),
                        output);
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            fail("Does not end: " + script);
        }
        var printed = Files.readString(output);
        assertThat(process.exitValue())
                .as(script + printed + Files.readString(directory.resolve(ERRORS)))
                .isZero();
        return printed;
    }

    private Process shell(String script, Path output) throws IOException {
        var builder =
                new ProcessBuilder("bash", "-c", script)
                        .directory(directory.toFile())
                        .redirectOutput(output.toFile())
                        .redirectError(directory.resolve(ERRORS).toFile());
        var environment = builder.environment();
        // What is set for another relay is not for this one.
        environment.keySet().removeIf(name -> name.matches(SETTINGS));
        environment.put("PORT", "0");
        environment.put("MANAGEMENT_PORT", "0");
        environment.merge(
                "PATH",
                Path.of(System.getProperty("java.home"), "bin").toString(),
                (path, java) -> java + ":" + path);
        return builder.start();
    }

    private static Ports ready(Process relay, Path log) throws IOException, InterruptedException {
        for (var end = Instant.now().plus(PATIENCE);
                Instant.now().isBefore(end) && relay.isAlive(); ) {
            var ready = READY.matcher(Files.readString(log));
            if (ready.find()) {
                return new Ports(
                        Integer.parseInt(ready.group(1)), Integer.parseInt(ready.group(2)));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        throw new AssertionError("The relay did not become ready: " + Files.readString(log));
    }

    private static boolean isThere(String program) throws InterruptedException {
        try {
            return new ProcessBuilder(program, "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    private record Ports(int people, int operators) {}
}
