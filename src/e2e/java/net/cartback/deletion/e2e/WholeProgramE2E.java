package net.cartback.deletion.e2e;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.FakeClientSystem.Received;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.OutsideVerifier;
import net.cartback.deletion.fixtures.RelayProcess;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/** The program as it is delivered, in processes of its own that are stopped and killed for real. */
@Execution(ExecutionMode.CONCURRENT)
class WholeProgramE2E {

    @TempDir Path directory;

    @Test
    void a_deletion_goes_to_three_systems_and_ends_completed() throws IOException {
        try (var prompt = new FakeClientSystem("prompt").answers(200, "{\"outcome\":\"deleted\"}");
                var slow = new FakeClientSystem("slow").answers(202, "");
                var flaky =
                        new FakeClientSystem("flaky")
                                .failsThenAnswers(2, 200, "{\"outcome\":\"nothing_found\"}");
                var relay = RelayProcess.serve(environment(prompt, slow, flaky))) {
            var code = codeOf(relay, "10210123456789012");

            await().atMost(Duration.ofMinutes(3)).until(() -> !slow.received().isEmpty());
            var delivery = slow.received().getFirst();
            assertThat(sendReceipt(relay, delivery.webhookId(), slow.secret()).statusCode())
                    .isEqualTo(204);
            await().atMost(Duration.ofMinutes(3))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(
                            () -> {
                                sendAgainNow(relay, "flaky");
                                return status(relay, code)
                                        .get("state")
                                        .textValue()
                                        .equals("completed");
                            });

            var status = status(relay, code);
            assertThat(status.get("outcome").textValue()).isEqualTo("deleted_some_retained");
            assertThat(status.at("/systems/confirmed").intValue()).isEqualTo(3);
            assertThat(flaky.received())
                    .hasSize(3)
                    .extracting(Received::webhookId)
                    .containsOnly(flaky.received().getFirst().webhookId());
            for (var system : List.of(prompt, slow, flaky)) {
                for (var received : system.received()) {
                    OutsideVerifier.verifyWithLibrary(received, system.secret());
                    assertThat(
                                    OutsideVerifier.verifiesUnderPublishedKey(
                                            received, relay.uri("/.well-known/jwks.json")))
                            .isTrue();
                }
            }
            assertThat(RelayProcess.get(relay.management("/health/live")).statusCode())
                    .isEqualTo(200);
            assertThat(RelayProcess.get(relay.management("/health/ready")).statusCode())
                    .isEqualTo(200);
            // They are counted once they are recorded.
            await().atMost(Duration.ofMinutes(3))
                    .untilAsserted(
                            () ->
                                    assertThat(
                                                    RelayProcess.get(relay.management("/metrics"))
                                                            .body())
                                            .contains(
                                                    "relay_attempts_total{reply=\"try_again\",system=\"flaky\"}"
                                                        + " 2.0",
                                                    "relay_deliveries_total{outcome=\"deleted\",system=\"prompt\"}"
                                                        + " 1.0",
                                                    "relay_deliveries_total{outcome=\"retained\",system=\"slow\"}"
                                                        + " 1.0",
                                                    "relay_claim_seconds_count",
                                                    "relay_settle_seconds_count"));
            assertThat(RelayProcess.get(relay.uri("/openapi.yaml")).body())
                    .isEqualTo(Files.readString(Path.of("openapi.yaml")));
            assertThat(relay.output()).doesNotContain("10210123456789012", TestRelay.APP_SECRET);
        }
    }

    @Test
    void a_process_that_is_killed_amid_callbacks_loses_none_that_it_answered() throws Exception {
        Map<String, AtomicInteger> received = new ConcurrentHashMap<>();
        try (var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}")) {
            // With the default DATA_DIR, which is relative.
            var environment = new HashMap<>(environment(crm));
            environment.remove("DATA_DIR");
            var codes = ConcurrentHashMap.<String>newKeySet();
            var first = RelayProcess.serveIn(directory, environment);
            var user = new AtomicInteger(9000);
            try (var threads = Executors.newFixedThreadPool(16);
                    // Also when this fails: who waits for the threads would wait for ever.
                    Closeable _ = first::kill) {
                for (int i = 0; i < 16; i++) {
                    threads.execute(
                            () -> {
                                try {
                                    while (true) {
                                        codes.add(codeOf(first, "" + user.incrementAndGet()));
                                    }
                                } catch (RuntimeException e) {
                                    // Not answered: the process is gone.
                                }
                            });
                }
                await().atMost(Duration.ofMinutes(3)).until(() -> codes.size() >= 200);
                first.kill();
            }

            try (var second = RelayProcess.serveIn(directory, environment)) {
                await().atMost(Duration.ofMinutes(3))
                        .pollInterval(Duration.ofSeconds(1))
                        .untilAsserted(
                                () ->
                                        assertThat(codes)
                                                .allSatisfy(
                                                        code ->
                                                                assertThat(
                                                                                status(second, code)
                                                                                        .get(
                                                                                                "state")
                                                                                        .textValue())
                                                                        .isEqualTo("completed")));
            }
            crm.received()
                    .forEach(
                            each ->
                                    received.computeIfAbsent(
                                                    each.webhookId(), id -> new AtomicInteger())
                                            .incrementAndGet());
            var bodies = new HashMap<String, String>();
            crm.received()
                    .forEach(
                            each ->
                                    assertThat(
                                                    bodies.merge(
                                                            each.webhookId(),
                                                            each.body(),
                                                            (a, b) -> b))
                                            .as("a system that sees one twice sees the same")
                                            .isEqualTo(each.body()));
            assertThat(received).hasSizeGreaterThanOrEqualTo(codes.size());
        }
    }

    @Test
    void a_process_that_is_killed_between_send_and_settle_sends_again_under_the_same_id()
            throws IOException {
        try (var crm =
                new FakeClientSystem("crm")
                        .answers(
                                aResponse()
                                        .withStatus(200)
                                        .withBody("{\"outcome\":\"deleted\"}")
                                        .withFixedDelay(120_000))) {
            // The second process listens elsewhere; what it sends shall say the same address.
            var environment = new HashMap<>(environment(crm));
            environment.put("PUBLIC_URL", "https://relay.example");
            Files.writeString(
                    directory.resolve("registry.yaml"),
                    "systems:\n" + crm.yaml("timeout: PT5S") + TestRelay.app(List.of("crm")));
            var first = RelayProcess.serve(environment);
            var code = codeOf(first, "1");
            // It has arrived there, and no answer has come back: what it did is unknown here.
            await().atMost(Duration.ofMinutes(3)).until(() -> !crm.received().isEmpty());
            first.kill();

            crm.answers(200, "{\"outcome\":\"nothing_found\"}");
            try (var second = RelayProcess.serve(environment)) {
                await().atMost(Duration.ofMinutes(3))
                        .until(
                                () ->
                                        status(second, code)
                                                .get("state")
                                                .textValue()
                                                .equals("completed"));
            }
            assertThat(crm.received())
                    .hasSizeGreaterThanOrEqualTo(2)
                    .extracting(Received::webhookId)
                    .containsOnly(crm.received().getFirst().webhookId());
            assertThat(crm.received().getFirst().body()).isEqualTo(crm.received().getLast().body());
        }
    }

    @Test
    void the_demo_tells_its_story_and_starts_again_after_it_was_killed() {
        var environment = Map.of("DATA_DIR", directory.resolve("demo").toString());
        var first = RelayProcess.start(environment, "demo");
        try {
            await().atMost(Duration.ofMinutes(3)).until(() -> first.output().contains("curl -d"));
        } finally {
            first.kill();
        }
        assertThat(first.output())
                .contains("meta ", "crm ", "newsletter ", "/status/", "/health/ready", "/metrics")
                .doesNotContain("\tat ", "ERROR");

        try (var second = RelayProcess.start(environment, "demo")) {
            await().atMost(Duration.ofMinutes(3)).until(() -> second.output().contains("curl -d"));
            var earlier = Pattern.compile("/status/([0-9A-Z]{26})").matcher(first.output());
            var base = Pattern.compile("(http://[^ ]+)/status/").matcher(second.output());
            assertThat(earlier.find() && base.find()).isTrue();
            assertThat(
                            RelayProcess.get(
                                            URI.create(
                                                    base.group(1) + "/status/" + earlier.group(1)))
                                    .statusCode())
                    .as("what the first one recorded is still known")
                    .isEqualTo(200);
        }
    }

    @Test
    void a_second_relay_on_the_same_data_is_told_so_in_a_sentence() throws IOException {
        try (var crm = new FakeClientSystem("crm");
                var relay = RelayProcess.serve(environment(crm))) {
            var second = RelayProcess.start(environment(crm), "serve");

            assertThat(second.exitCode()).isEqualTo(2);
            assertThat(second.output())
                    .contains("is in use by another relay")
                    .doesNotContain("\tat ");
            assertThat(RelayProcess.get(relay.uri("/status")).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void an_installation_without_the_embedded_database_asks_for_a_database_in_a_sentence()
            throws IOException {
        var jar = Path.of(System.getProperty("relay.jar")).toAbsolutePath();
        Files.createSymbolicLink(directory.resolve("lib"), jar.resolveSibling("lib"));
        var production = Files.copy(jar, directory.resolve("deletion-relay.jar"));

        var relay = RelayProcess.startJar(production, Map.of(), "serve");

        assertThat(relay.exitCode()).isEqualTo(2);
        assertThat(relay.output())
                .contains("DATABASE_URL is required: this installation has no embedded database")
                .doesNotContain("\tat ", "Exception", "Error");
    }

    @Test
    void a_data_directory_that_cannot_be_used_is_told_in_a_sentence() throws IOException {
        var file = Files.writeString(directory.resolve("not-a-directory"), "x");

        var relay = RelayProcess.start(Map.of("DATA_DIR", file.toString()), "serve");

        assertThat(relay.exitCode()).isEqualTo(1);
        assertThat(relay.output())
                .contains("The embedded PostgreSQL under DATA_DIR")
                .doesNotContain("\tat ");
    }

    @Test
    void data_stays_across_a_graceful_restart_and_the_process_ends_in_time() throws IOException {
        try (var crm = new FakeClientSystem("crm").answers(500, "")) {
            var environment = environment(crm);
            String code;
            try (var relay = RelayProcess.serve(environment)) {
                code = codeOf(relay, "1");
            }
            crm.answers(200, "{\"outcome\":\"deleted\"}");
            try (var relay = RelayProcess.serve(environment)) {
                await().atMost(Duration.ofMinutes(3))
                        .until(
                                () ->
                                        status(relay, code)
                                                .get("state")
                                                .textValue()
                                                .equals("completed"));
            }
            awaitNoDatabase();
        }
    }

    @Test
    void a_database_that_goes_away_means_503_and_comes_back_without_a_restart() throws Exception {
        try (var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
                var relay = RelayProcess.serve(environment(crm))) {
            var pidFile = directory.resolve("data/postgres/postmaster.pid");
            var server =
                    ProcessHandle.of(Long.parseLong(Files.readAllLines(pidFile).getFirst().strip()))
                            .orElseThrow();
            // Stopped, not ended: connections hang, as they do when a machine is cut off.
            signal("STOP", server.pid());
            try {
                var reply = callback(relay, TestRelay.signedRequest("1", Instant.now()));
                assertThat(reply.statusCode()).isEqualTo(503);
                assertThat(reply.headers().firstValue("Retry-After")).isPresent();
            } finally {
                signal("CONT", server.pid());
            }
            await().atMost(Duration.ofMinutes(3))
                    .until(
                            () ->
                                    callback(relay, TestRelay.signedRequest("2", Instant.now()))
                                                    .statusCode()
                                            == 200);
            await().atMost(Duration.ofMinutes(3)).until(() -> crm.received().size() >= 1);
        }
    }

    @Test
    void serve_with_a_registry_file_and_nothing_else_works_with_the_registry_of_the_design()
            throws IOException {
        var registry = directory.resolve("design.yaml");
        Files.writeString(
                registry,
                """
                apps:
                  - id: "1234567890"            # Meta's app id
                    name: Example Shop
                    platform: facebook          # facebook | instagram | threads | whatsapp | messenger
                    state: live                 # or ended
                    secrets:                    # tried in order; which one matched is recorded
                      - {label: facebook, value: "${SHOP_APP_SECRET}"}
                      - {label: instagram, value: "${SHOP_IG_SECRET}", not_after: "2027-01-31T00:00:00Z"}
                    systems: [crm, newsletter]
                systems:
                  - id: crm
                    name: Shop CRM
                    public_name: Customer records
                    url: https://crm.example.com/deletions
                    secrets: [{value: "${CRM_WEBHOOK_SECRET}"}]
                    events: [deletion]
                    ack_means: accepted
                    answers: {}
                    max_in_flight: 16
                    rate_per_minute: 600
                    timeout: PT15S
                    receipt_within: P7D
                  - {id: newsletter, name: Newsletter, public_name: Newsletter, url: "https://news.example.com/d", secrets: [{value: "${CRM_WEBHOOK_SECRET}"}]}
                """);
        var environment =
                Map.of(
                        "REGISTRY_FILE",
                        registry.toString(),
                        "DATA_DIR",
                        directory.resolve("data").toString(),
                        "SHOP_APP_SECRET",
                        TestRelay.APP_SECRET,
                        "SHOP_IG_SECRET",
                        "fedcba9876543210fedcba9876543210",
                        "CRM_WEBHOOK_SECRET",
                        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        try (var relay = RelayProcess.serve(environment)) {
            // A command beside the running relay uses its database and leaves it alone.
            var sign =
                    RelayProcess.start(
                            environment,
                            "sign",
                            "--app",
                            "1234567890",
                            "--user",
                            "7",
                            "--issued-at",
                            "1700000000");
            assertThat(sign.exitCode()).isZero();
            var reply = RelayProcess.patiently(() -> callback(relay, sign.output().strip()));
            assertThat(reply.statusCode()).isEqualTo(200);
            assertThat(Http.json(reply).get("url").textValue()).startsWith("http://localhost:");
            var code = Http.json(reply).get("confirmation_code").textValue();
            assertThat(status(relay, code).at("/systems/total").intValue()).isEqualTo(2);

            var added = directory.resolve("more.yaml");
            Files.writeString(
                    added,
                    "apps: [{id: \"77\", name: More, secrets: [{value: 5f0c6a8e9b1d4c37}]}]");
            var apply = RelayProcess.start(environment, "registry", "apply", added.toString());
            assertThat(apply.exitCode()).as(apply.output()).isZero();
            assertThat(apply.output()).contains("app 77: new; name More", "1 entry changed.");
            await().atMost(Duration.ofMinutes(3))
                    .until(
                            () ->
                                    RelayProcess.get(relay.uri("/meta/77/data-deletion"))
                                                    .statusCode()
                                            == 200);

            Files.writeString(added, "apps: [{id: \"77\", name: Other}]");
            var diff = RelayProcess.start(environment, "registry", "diff", added.toString());
            assertThat(diff.exitCode()).as(diff.output()).isEqualTo(1);
            assertThat(diff.output())
                    .contains("app 77: name More -> Other")
                    .containsPattern("system [a-z]+: not in the file; it stays");
            var dry =
                    RelayProcess.start(
                            environment, "registry", "apply", "--dry-run", added.toString());
            assertThat(dry.exitCode()).as(dry.output()).isZero();
            assertThat(dry.output()).contains("1 entry would change; nothing has been changed.");
            var export = RelayProcess.start(environment, "registry", "export");
            assertThat(export.exitCode()).as(export.output()).isZero();
            assertThat(export.output())
                    .contains("name: \"More\"")
                    .doesNotContain("5f0c6a8e9b1d4c37");

            var base = relay.uri("").toString();
            var check =
                    RelayProcess.start(environment, "apps", "check", "1234567890", "--url", base);
            assertThat(check.exitCode()).as(check.output()).isEqualTo(1);
            assertThat(check.output())
                    .contains("Meta calls https addresses only")
                    .contains("ok     " + base + "/meta/1234567890/data-deletion under the secret")
                    .contains("ok     " + base + "/status opens")
                    .containsOnlyOnce("WRONG");

            // Without its database nothing goes on, and nothing says so but the end.
            var postmaster =
                    Files.readAllLines(directory.resolve("data/postgres/postmaster.pid"))
                            .getFirst()
                            .strip();
            assertThat(ProcessHandle.of(Long.parseLong(postmaster)).orElseThrow().destroyForcibly())
                    .isTrue();
            assertThat(relay.exitCode()).isEqualTo(70);
            assertThat(relay.output()).contains("The embedded PostgreSQL has ended");
        }
    }

    @Test
    void every_fault_of_the_configuration_is_told_at_once_with_exit_code_2_and_no_stack_trace()
            throws IOException {
        var broken = directory.resolve("broken.yaml");
        Files.writeString(broken, "apps: [{id: x}]\nsystems: [{id: crm, colour: red}]");
        var wrong =
                RelayProcess.start(
                        Map.of(
                                "PORT",
                                "x",
                                "DATABASE_URL",
                                "mysql://db",
                                "DISPATCH_CONCURRENCY",
                                "-1"),
                        "serve");
        assertThat(wrong.exitCode()).isEqualTo(2);
        assertThat(wrong.output())
                .contains(
                        "PORT must",
                        "DATABASE_URL must",
                        "KEYRING_FILE is required",
                        "DISPATCH_CONCURRENCY must")
                .doesNotContain("\tat ", "Exception");

        var registry =
                RelayProcess.start(
                        Map.of(
                                "REGISTRY_FILE",
                                broken.toString(),
                                "DATA_DIR",
                                directory.resolve("d").toString()),
                        "serve");
        assertThat(registry.exitCode()).isEqualTo(2);
        assertThat(registry.output())
                .contains("apps[0].id", "systems[0].colour")
                .doesNotContain("\tat ");

        assertThat(RelayProcess.start(Map.of(), "dance").exitCode()).isEqualTo(2);
    }

    @Test
    void a_port_in_use_is_one_sentence_and_leaves_no_database_behind() throws IOException {
        try (var taken = new ServerSocket(0)) {
            var relay =
                    RelayProcess.start(
                            Map.of(
                                    "PORT",
                                    "" + taken.getLocalPort(),
                                    "DATA_DIR",
                                    directory.resolve("data").toString()),
                            "serve");

            assertThat(relay.exitCode()).isEqualTo(2);
            assertThat(relay.output())
                    .contains("PORT: cannot listen on 0.0.0.0:" + taken.getLocalPort())
                    .doesNotContain("\tat ");
            awaitNoDatabase();
        }
    }

    @Test
    void logs_are_json_lines() throws IOException {
        try (var crm = new FakeClientSystem("crm").answers(400, "");
                var relay = RelayProcess.serve(environment(crm))) {
            var _ = codeOf(relay, "1");
            await().atMost(Duration.ofMinutes(3)).until(() -> relay.output().contains("parked"));
            var mapper = new com.fasterxml.jackson.databind.ObjectMapper();
            var output = relay.output();
            // What comes after the last line is being written.
            for (var line : output.substring(0, output.lastIndexOf('\n')).split("\n", -1)) {
                assertThat(mapper.readTree(line).has("message")).as(line).isTrue();
            }
        }
    }

    private Map<String, String> environment(FakeClientSystem... systems) throws IOException {
        var yaml = new StringBuilder("systems:\n");
        var ids = new ArrayList<String>();
        for (var system : systems) {
            yaml.append(system.yaml(""));
            ids.add(system.id());
        }
        var file = directory.resolve("registry.yaml");
        Files.writeString(file, yaml + TestRelay.app(ids));
        return Map.of(
                "REGISTRY_FILE", file.toString(),
                "DATA_DIR", directory.resolve("data").toString(),
                "OUTBOUND_ALLOW", "127.0.0.1/32");
    }

    /** The embedded one ends with its relay, and soon. */
    private void awaitNoDatabase() {
        var pidFile = directory.resolve("data/postgres/postmaster.pid");
        await().atMost(Duration.ofMinutes(3)).until(() -> !Files.exists(pidFile));
    }

    /** Asks to delete this person until there is a code for it. */
    private static String codeOf(RelayProcess relay, String user) {
        var signed = TestRelay.signedRequest(user, Instant.now());
        var reply = RelayProcess.patiently(() -> callback(relay, signed));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Http.json(reply).get("confirmation_code").textValue();
    }

    private static HttpResponse<String> callback(RelayProcess relay, String signedRequest) {
        return Http.send(
                HttpRequest.newBuilder(relay.uri("/meta/" + TestRelay.APP_ID + "/data-deletion"))
                        .timeout(Duration.ofMinutes(1))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString("signed_request=" + signedRequest))
                        .build());
    }

    private static JsonNode status(RelayProcess relay, String code) {
        return Http.json(
                Http.send(
                        HttpRequest.newBuilder(relay.uri("/status/" + code))
                                .header("Accept", "application/json")
                                .build()));
    }

    private static HttpResponse<String> sendReceipt(RelayProcess relay, String id, String secret) {
        var body =
                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\"}]}"
                        .getBytes(StandardCharsets.UTF_8);
        var now = Instant.now();
        return Http.send(
                HttpRequest.newBuilder(relay.uri("/receipts/" + id))
                        .header("webhook-id", id)
                        .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                        .header(
                                "webhook-signature",
                                StandardWebhooks.sign(id, now, body, WebhookSecret.parse(secret)))
                        .POST(BodyPublishers.ofByteArray(body))
                        .build());
    }

    /** As an operator does who does not want to wait for the schedule. */
    private void sendAgainNow(RelayProcess relay, String system) throws IOException {
        var token = Files.readString(directory.resolve("data/admin-token")).strip();
        var reply =
                Http.send(
                        HttpRequest.newBuilder(
                                        relay.management("/admin/v1/systems/" + system + "/replay"))
                                .header("Authorization", "Bearer " + token)
                                .POST(
                                        BodyPublishers.ofString(
                                                "{\"by\": \"the test\", \"why\": \"it is early\"}"))
                                .build());
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        if (kill(name, pid) != 0) {
            throw new AssertionError("kill -" + name + " failed");
        }
        // The server's own processes too: a stopped parent does not stop its children. They are
        // looked up once it has stopped, because until then it may begin more of them.
        for (var each : ProcessHandle.of(pid).orElseThrow().descendants().toList()) {
            kill(name, each.pid());
        }
    }

    private static int kill(String name, long pid) throws IOException, InterruptedException {
        return new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor();
    }
}
