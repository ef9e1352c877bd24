package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.serve.App;
import net.cartback.deletion.storage.DatabaseAddress;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A start that has been one before is one again, whatever was changed in the registry since. */
class StartIT {

    private static final String SYSTEMS =
            """
            systems:
              - id: old
                name: Old
                url: https://old.example.com/d
                secrets: [{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]
            """;
    private static final String APPS =
            """
            apps: [{id: "77", name: Shop, secrets: [{value: 5f0c6a8e9b1d4c37}], systems: [old]}]
            """;

    @TempDir private Path directory;
    private DatabaseAddress address;

    @BeforeEach
    void make() {
        address = TestPostgres.migrated();
        KeyringFile.generate(directory.resolve("keyring.json"), InstantSource.system());
    }

    @Test
    void a_file_that_was_applied_and_no_longer_fits_keeps_nobody_from_starting()
            throws IOException, InterruptedException {
        assertThat(starts(SYSTEMS)).isTrue();
        assertThat(starts(APPS)).isTrue();
        // As after its retirement: the file of the apps still names it.
        TestPostgres.execute(
                address,
                """
                DELETE FROM backfill;
                DELETE FROM subscription;
                DELETE FROM system_secret;
                DELETE FROM system_gate;
                DELETE FROM client_system;
                """);
        assertThatThrownBy(() -> starts(APPS.replace("Shop", "Other")))
                .as("what was not applied before must fit")
                .isInstanceOf(InvalidRegistry.class)
                .hasMessageContaining("no system has the id old");

        assertThat(starts(APPS)).isTrue();
    }

    @Test
    void a_file_that_retires_something_waits_for_older_replicas_and_keeps_nobody_from_starting()
            throws IOException, InterruptedException {
        assertThat(starts(SYSTEMS)).isTrue();
        TestPostgres.execute(
                address,
                "INSERT INTO replica (id, started_at, seen_at, kids) VALUES (gen_random_uuid(),"
                        + " now(), now() + interval '55 s', '{}')");
        var file =
                Files.writeString(
                        directory.resolve("registry.yaml"),
                        SYSTEMS.replace("id: old", "id: old\n    state: retired"));
        try (var app = new App(Config.readToServe(environment(file)))) {
            assertThat(app.becomeReady(new CountDownLatch(1))).isTrue();
            assertThat(state()).isEqualTo("live");
            TestPostgres.execute(address, "DELETE FROM replica WHERE knows_schema IS NULL");
            // A sweep drops what is retired and not named any more.
            await().atMost(Duration.ofMinutes(2)).until(() -> !state().equals("live"));
        }
    }

    @Test
    void a_relay_that_may_have_no_delivery_in_flight_takes_in_and_sends_nothing()
            throws IOException, InterruptedException {
        try (var crm = new FakeClientSystem("crm").answers(200, "")) {
            var file =
                    Files.writeString(
                            directory.resolve("registry.yaml"),
                            "systems:\n" + crm.yaml("") + TestRelay.app(List.of("crm")));
            var environment = new HashMap<>(environment(file));
            environment.put("OUTBOUND_ALLOW", "127.0.0.0/8");
            environment.put("DISPATCH_CONCURRENCY", "0");
            environment.put("ADMIN_TOKEN", TestRelay.ADMIN_TOKEN);
            try (var app = new App(Config.readToServe(environment))) {
                assertThat(app.becomeReady(new CountDownLatch(1))).isTrue();
                await().atMost(Duration.ofMinutes(2)).until(() -> callback(app) == 200);
                await().atMost(Duration.ofMinutes(2))
                        .until(
                                () ->
                                        get(app.managementPort(), "/metrics")
                                                .contains(
                                                        "relay_backlog{state=\"pending\",system=\"crm\"}"
                                                            + " 1.0"));
                assertThat(get(app.managementPort(), "/health/ready")).contains("\"up\"");
                assertThat(crm.received()).isEmpty();
            }
            environment.put("DISPATCH_CONCURRENCY", "1");
            try (var app = new App(Config.readToServe(environment))) {
                assertThat(app.becomeReady(new CountDownLatch(1))).isTrue();
                await().atMost(Duration.ofMinutes(2)).until(() -> !crm.received().isEmpty());
            }
        }
    }

    private static int callback(App app) {
        return Http.sendUnchecked(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + app.port()
                                                        + "/meta/"
                                                        + TestRelay.APP_ID
                                                        + "/data-deletion"))
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "signed_request="
                                                        + TestRelay.signedRequest(
                                                                "1", Instant.now())))
                                .build())
                .statusCode();
    }

    private static String get(int port, String path) {
        return Http.sendUnchecked(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build())
                .body();
    }

    private String state() {
        try (var connection = TestPostgres.connect(address);
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT state FROM client_system")) {
            return row.next() ? row.getString(1) : "gone";
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean starts(String registry) throws IOException, InterruptedException {
        var file = Files.writeString(directory.resolve("registry.yaml"), registry);
        try (var app = new App(Config.readToServe(environment(file)))) {
            return app.becomeReady(new CountDownLatch(1));
        }
    }

    private Map<String, String> environment(Path file) {
        return Map.of(
                "PORT",
                "0",
                "MANAGEMENT_PORT",
                "0",
                "HOST",
                "127.0.0.1",
                "PUBLIC_URL",
                "http://localhost:8080",
                "KEYRING_FILE",
                directory.resolve("keyring.json").toString(),
                "REGISTRY_FILE",
                file.toString(),
                "DATABASE_URL",
                "postgres://postgres@127.0.0.1:" + address.port() + "/" + address.database());
    }
}
