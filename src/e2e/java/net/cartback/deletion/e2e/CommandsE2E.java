package net.cartback.deletion.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.ForgetfulPooler;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.RelayProcess;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.DatabaseAddress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The commands, as processes beside a running relay, and where there is none. */
@Execution(ExecutionMode.CONCURRENT)
class CommandsE2E {

    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir private Path directory;

    @Test
    void commands_do_what_they_say_beside_a_running_relay() throws IOException {
        try (var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}")) {
            var heads = directory.resolve("heads.txt");
            var environment = new HashMap<>(environment(crm));
            environment.put("AUDIT_HEADS", heads.toString());
            environment.put("AUDIT_HEAD_EVERY", "PT1S");
            try (var relay = RelayProcess.serve(environment)) {
                tokens(environment, relay);
                idsAndProof(environment, relay);
                audit(environment, heads);
                export(environment);
                publicListener(relay);
            }
        }
    }

    /** In whatever locale: a name that became question marks would come on people's pages. */
    private void export(Map<String, String> environment) throws IOException {
        var file = directory.resolve("names.yaml");
        Files.writeString(file, "apps: [{id: \"1234567890\", names: {ja: お店}}]");
        var plain = new HashMap<>(environment);
        plain.put("LC_ALL", "POSIX");
        assertThat(done(plain, "registry", "apply", file.toString())).contains("お店");
        assertThat(done(plain, "registry", "export")).contains("お店");
    }

    private static void tokens(Map<String, String> environment, RelayProcess relay) {
        var token = done(environment, "tokens", "add", "night", "--role", "viewer").strip();
        assertThat(systems(relay, token)).isEqualTo(200);
        assertThat(done(environment, "tokens", "list")).contains("night", "viewer", "active");
        done(environment, "tokens", "revoke", "night");
        assertThat(done(environment, "tokens", "list")).contains("revoked");
        assertThat(systems(relay, token)).isEqualTo(401);
    }

    private void idsAndProof(Map<String, String> environment, RelayProcess relay)
            throws IOException {
        var list = directory.resolve("ids.csv");
        Files.writeString(list, "id\n\"10210123456789012\"\n10210123456789013\n");
        var ids = new String[] {"ids", "import", "--app", TestRelay.APP_ID, list.toString()};
        assertThat(done(environment, with(ids, "--dry-run")))
                .isEqualTo("2 ids: 2 would be recorded, 0 repeats\n");
        assertThat(done(environment, ids))
                .matches("2 ids: 2 recorded, 0 repeats\n(  request [0-9a-f-]{36}: recorded\n){2}");
        assertThat(done(environment, with(ids, "--app-scoped")))
                .matches("2 ids: 0 recorded, 2 repeats\n(  request [0-9a-f-]{36}: a repeat\n){2}");

        var signed =
                done(environment, "sign", "--app", TestRelay.APP_ID, "--user", "10210123456789014");
        var reply =
                Http.send(
                        HttpRequest.newBuilder(
                                        relay.uri("/meta/" + TestRelay.APP_ID + "/data-deletion"))
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(BodyPublishers.ofString("signed_request=" + signed.strip()))
                                .build());
        var code = Http.json(reply).get("confirmation_code").textValue();
        var proof = done(environment, "proof", code.toLowerCase(Locale.ROOT) + ".");
        assertThat(proof.strip().split("\\.")).hasSize(3);
        var typed = RelayProcess.start(environment, "proof");
        typed.type(code + "\n");
        assertThat(typed.exitCode()).as(typed.output()).isZero();
        assertThat(typed.output().strip().split("\\.")).hasSize(3);
    }

    private static void audit(Map<String, String> environment, Path heads) {
        await().atMost(PATIENCE).until(() -> Files.exists(heads) && Files.size(heads) > 0);
        assertThat(done(environment, "audit", "verify")).contains("Whole.");
        assertThat(done(environment, "audit", "verify", "--head", heads.toString()))
                .contains("Whole.")
                .doesNotContain("checked against 0 signed heads");
    }

    private static void publicListener(RelayProcess relay) {
        for (var path :
                List.of(
                        "/admin",
                        "/admin/v1/systems",
                        "/admin/v1/deliveries",
                        "/admin/v1/registry/apps",
                        "/admin/v1/audit",
                        "/metrics",
                        "/console",
                        "/health",
                        "/health/live",
                        "/health/ready")) {
            assertThat(RelayProcess.get(relay.uri(path)).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(RelayProcess.get(relay.uri("/")).statusCode()).isEqualTo(200);
        assertThat(RelayProcess.get(relay.management("/metrics")).statusCode()).isEqualTo(200);
        assertThat(RelayProcess.get(relay.management("/status")).statusCode()).isEqualTo(404);
    }

    @Test
    void serve_behind_a_pooler_that_drops_our_settings_says_so() throws IOException {
        var address = TestPostgres.migrated();
        try (var pooler = new ForgetfulPooler(address.port(), false)) {
            var through =
                    new DatabaseAddress(
                            "127.0.0.1",
                            pooler.port(),
                            address.database(),
                            "postgres",
                            null,
                            Map.of());

            assertThat(failed(database(through, "postgres"), 2, "serve"))
                    .contains("a pooler that drops the relay's settings", "statement_timeout");
        }
    }

    @Test
    void the_demo_touches_nothing_that_it_did_not_make() throws IOException {
        try (var crm = new FakeClientSystem("crm").answers(202, "")) {
            var environment = environment(crm);
            try (var relay = RelayProcess.serve(environment)) {
                assertThat(RelayProcess.get(relay.uri("/")).statusCode()).isEqualTo(200);
            }

            assertThat(failed(Map.of("DATA_DIR", data()), 2, "demo"))
                    .contains("holds apps or systems that no demo has made");
            try (var relay = RelayProcess.serve(environment)) {
                var reply =
                        RelayProcess.get(relay.uri("/meta/" + TestRelay.APP_ID + "/deauthorize"));
                assertThat(reply.statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void the_demo_runs_beside_any_database_in_one_of_its_own() throws IOException {
        var plain = TestPostgres.empty();
        var environment =
                Map.of(
                        "DATABASE_URL",
                        url(plain, "postgres"),
                        "DATA_DIR",
                        directory.resolve("demo").toString(),
                        "REGISTRY_FILE",
                        "/nowhere",
                        "KEYRING_FILE",
                        "/nowhere");
        try (var demo = RelayProcess.start(environment, "demo")) {
            await().atMost(PATIENCE).until(() -> demo.output().contains("Now try"));
            assertThat(demo.output())
                    .startsWith("Deletion Relay is starting")
                    .contains("completed");
        }
        assertThat(TestPostgres.tables(plain)).isEmpty();
    }

    private Map<String, String> environment(FakeClientSystem crm) throws IOException {
        var registry = directory.resolve("registry.yaml");
        Files.writeString(registry, "systems:\n" + crm.yaml("") + TestRelay.app(List.of(crm.id())));
        return Map.of(
                "DATA_DIR", data(),
                "REGISTRY_FILE", registry.toString(),
                "OUTBOUND_ALLOW", "127.0.0.0/8");
    }

    private String data() {
        return directory.resolve("data").toString();
    }

    private Map<String, String> database(DatabaseAddress address, String role) throws IOException {
        var keyring = directory.resolve("keyring.json");
        if (!Files.exists(keyring)) {
            done(Map.of(), "keys", "generate", keyring.toString());
        }
        return Map.of("DATABASE_URL", url(address, role), "KEYRING_FILE", keyring.toString());
    }

    private static String url(DatabaseAddress address, String role) {
        return "postgres://%s@127.0.0.1:%d/%s".formatted(role, address.port(), address.database());
    }

    private static int systems(RelayProcess relay, String token) {
        return Http.send(
                        HttpRequest.newBuilder(relay.management("/admin/v1/systems"))
                                .header("Authorization", "Bearer " + token)
                                .build())
                .statusCode();
    }

    private static String[] with(String[] command, String more) {
        var longer = Arrays.copyOf(command, command.length + 1);
        longer[command.length] = more;
        return longer;
    }

    private static String done(Map<String, String> environment, String... command) {
        return failed(environment, 0, command);
    }

    /** What a command says that ends with this code. */
    private static String failed(Map<String, String> environment, int code, String... command) {
        try (var process = RelayProcess.start(environment, command)) {
            assertThat(process.exitCode()).as(process.output()).isEqualTo(code);
            assertThat(process.output()).doesNotContain("\tat ");
            return process.output();
        }
    }
}
