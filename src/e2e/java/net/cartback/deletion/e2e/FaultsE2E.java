package net.cartback.deletion.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.MoodyClientSystem;
import net.cartback.deletion.fixtures.OwnPostgres;
import net.cartback.deletion.fixtures.RelayProcess;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.fixtures.Wire;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Stream;

/**
 * Two minutes of everything that can go wrong at once: three replicas that are killed and started
 * again, networks to the database that freeze, freeze on one side only, break and slow down, a
 * database that is stopped and crashes, client systems that fail at random, and callbacks that go
 * on coming.
 */
class FaultsE2E {

    /** So much must have happened, however long a machine takes for it. */
    private static final int KILLS = 15;

    private static final int CALLBACKS = 600;

    /** After so many kills the database is stopped, and stopped once more. */
    private static final List<Integer> DATABASE_STOPS = List.of(5, 10);

    private static final Duration BETWEEN_CALLBACKS = Duration.ofMillis(50);
    private static final int REPLICAS = 3;
    private static final String ADMIN_TOKEN = "admin-token-of-faults-0123456789abcdef";

    @TempDir private Path directory;

    private final AtomicReferenceArray<RelayProcess> replicas =
            new AtomicReferenceArray<>(REPLICAS);
    private final Set<String> answered = ConcurrentHashMap.newKeySet();
    private final Random chaos = new Random(20261124);
    private final AtomicBoolean over = new AtomicBoolean();
    private int kills;
    private DatabaseAddress address;
    private OwnPostgres postgres;
    private List<Wire> wires = List.of();

    @BeforeEach
    void start() throws IOException {
        postgres = new OwnPostgres(directory);
        address = postgres.address();
        Migrations.migrate(address, null);
        wires = Stream.generate(() -> new Wire(address.port())).limit(REPLICAS).toList();
    }

    @Test
    void nothing_is_lost_and_nothing_is_told_wrong_whatever_is_killed_and_when() throws Exception {
        execute(
                """
                CREATE TABLE violation (delivery_id uuid, what text);
                CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO violation VALUES (OLD.id, NEW.state || ' ' || COALESCE(NEW.lease_id::text, ''));
                    RETURN NEW;
                END $$;
                CREATE TRIGGER closed_stays_closed BEFORE UPDATE ON delivery
                    FOR EACH ROW WHEN (OLD.state = 'closed' AND (NEW.state <> 'closed'
                                       OR NEW.lease_id IS NOT NULL OR NEW.outcome <> OLD.outcome))
                    EXECUTE FUNCTION complain()
                """);
        try (var crm = new MoodyClientSystem("crm", 1, this::someRelay);
                var news = new MoodyClientSystem("news", 2, this::someRelay);
                var desk = new MoodyClientSystem("desk", 3, this::someRelay);
                var threads = Executors.newVirtualThreadPerTaskExecutor();
                // Also when this fails: who waits for the threads would wait for ever.
                Closeable _ = () -> over.set(true)) {
            var systems = Map.of("crm", crm, "news", news, "desk", desk);
            var environment = environment(crm, news, desk);
            for (int i = 0; i < REPLICAS; i++) {
                replicas.set(i, RelayProcess.serve(over(wires.get(i), environment)));
            }
            var load =
                    threads.submit(
                            () -> {
                                callbacks();
                                return null;
                            });
            disturb(environment, load);
            over.set(true);
            load.get(5, TimeUnit.MINUTES);

            systems.values().forEach(MoodyClientSystem::calmsDown);
            drain(systems.keySet());
            check(systems);
        } finally {
            for (int i = 0; i < REPLICAS; i++) {
                Optional.ofNullable(replicas.get(i)).ifPresent(RelayProcess::close);
                wires.get(i).close();
            }
            postgres.close();
        }
    }

    private void callbacks() throws InterruptedException {
        for (long user = 1; !over.get(); user++) {
            var signed = TestRelay.signedRequest(Long.toString(user), Instant.now());
            // As long as it gets no answer, the caller does not know: it asks again, elsewhere.
            while (!callback(signed)) {
                TimeUnit.MILLISECONDS.sleep(200);
            }
            TimeUnit.MILLISECONDS.sleep(BETWEEN_CALLBACKS.toMillis());
        }
    }

    private boolean callback(String signed) {
        try {
            var reply =
                    Http.sendUnchecked(
                            HttpRequest.newBuilder(
                                            someRelay()
                                                    .resolve(
                                                            "/meta/"
                                                                    + TestRelay.APP_ID
                                                                    + "/data-deletion"))
                                    .timeout(Duration.ofSeconds(30))
                                    .header("Content-Type", "application/x-www-form-urlencoded")
                                    .POST(
                                            BodyPublishers.ofString(
                                                    "signed_request="
                                                            + URLEncoder.encode(
                                                                    signed,
                                                                    StandardCharsets.UTF_8)))
                                    .build());
            if (reply.statusCode() == 200) {
                answered.add(Http.json(reply).get("confirmation_code").textValue());
                return true;
            }
            assertThat(reply.statusCode()).as(reply.body()).isIn(408, 503);
            return false;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /** Kills and starts replicas and disturbs their networks all the time, the database twice. */
    private void disturb(Map<String, String> environment, Future<?> load) throws Exception {
        while (kills < KILLS || answered.size() < CALLBACKS) {
            assertThat(load.isDone()).as("the callbacks have ended").isFalse();
            TimeUnit.MILLISECONDS.sleep(2_000 + chaos.nextInt(3_000));
            if (DATABASE_STOPS.contains(kills)) {
                // Once in order, and once so that it must recover from its log.
                if (DATABASE_STOPS.getLast() == kills) {
                    postgres.crash();
                } else {
                    postgres.stop();
                }
                TimeUnit.SECONDS.sleep(4);
                postgres.start();
            }
            int victim = chaos.nextInt(REPLICAS);
            var neighbour = wires.get((victim + 1) % REPLICAS);
            disturb(neighbour);
            replicas.get(victim).kill();
            kills++;
            replicas.set(victim, RelayProcess.serve(over(wires.get(victim), environment)));
            neighbour.thaw();
            neighbour.delay(0);
        }
    }

    private void disturb(Wire wire) {
        switch (chaos.nextInt(4)) {
            case 0 -> wire.freeze();
            case 1 -> wire.freezeAnswers();
            case 2 -> wire.cut();
            default -> wire.delay(100);
        }
    }

    private static Map<String, String> over(Wire wire, Map<String, String> environment) {
        var changed = new HashMap<>(environment);
        changed.put(
                "DATABASE_URL",
                "jdbc:postgresql://127.0.0.1:" + wire.port() + "/postgres?user=postgres");
        return changed;
    }

    /** What failed waits for its time in the schedule; an operator does not. */
    private void drain(Set<String> systems) {
        await().atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofSeconds(3))
                .until(
                        () -> {
                            for (var system : systems) {
                                replay(system);
                            }
                            return count(
                                            "SELECT count(*) FROM deletion_request WHERE closed_at"
                                                    + " IS NULL")
                                    == 0;
                        });
    }

    private void replay(String system) {
        var reply =
                Http.send(
                        HttpRequest.newBuilder(
                                        replicas.get(0)
                                                .management(
                                                        "/admin/v1/systems/" + system + "/replay"))
                                .timeout(Duration.ofMinutes(2))
                                .header("Authorization", "Bearer " + ADMIN_TOKEN)
                                .POST(
                                        BodyPublishers.ofString(
                                                "{\"by\": \"the test\", \"why\": \"drain\"}"))
                                .build());
        assertThat(reply.statusCode()).as(reply.body()).isIn(200, 503);
    }

    private void check(Map<String, MoodyClientSystem> systems) throws SQLException {
        System.out.println(
                "Faults: "
                        + answered.size()
                        + " callbacks answered, "
                        + kills
                        + " replicas killed, "
                        + count("SELECT count(*) FROM attempt")
                        + " attempts, "
                        + count("SELECT count(*) FROM delivery")
                        + " deliveries");
        assertThat(kills).isGreaterThanOrEqualTo(KILLS);
        assertThat(answered).hasSizeGreaterThanOrEqualTo(CALLBACKS);

        var known = new HashSet<String>();
        var outcomes = new HashMap<String, String>();
        var parties = new HashMap<String, String>();
        try (var connection = DriverManager.getConnection(jdbc(), "postgres", "");
                var statement = connection.createStatement()) {
            try (var rows =
                    statement.executeQuery(
                            "SELECT encode(code_digest, 'hex') FROM deletion_request WHERE"
                                    + " closed_at IS NOT NULL")) {
                while (rows.next()) {
                    known.add(rows.getString(1));
                }
            }
            try (var rows =
                    statement.executeQuery(
                            "SELECT id::text, outcome, request_id || ' ' || system_id FROM"
                                    + " delivery")) {
                while (rows.next()) {
                    outcomes.put(rows.getString(1), rows.getString(2));
                    parties.put(rows.getString(1), rows.getString(3));
                }
            }
        }
        assertThat(known)
                .as("every answered callback is there, and closed")
                .containsAll(answered.stream().map(FaultsE2E::digest).toList());
        assertThat(parties.values()).as("one delivery for each system").doesNotHaveDuplicates();
        var received = new HashMap<String, String>();
        systems.forEach(
                (id, system) ->
                        system.received()
                                .forEach(
                                        data ->
                                                received.put(
                                                        data.get("delivery_id").textValue(),
                                                        data.get("request_id").textValue()
                                                                + " "
                                                                + id)));
        assertThat(received).as("each was received, under its one id").isEqualTo(parties);
        outcomes.forEach(
                (id, outcome) ->
                        assertThat(outcome)
                                .as("what the system says of " + id)
                                .isEqualTo(
                                        MoodyClientSystem.outcome(MoodyClientSystem.answer(id))));
        assertThat(count("SELECT count(*) FROM violation"))
                .as("closed deliveries that were claimed or changed")
                .isZero();
        assertThat(count("SELECT count(*) FROM contradiction")).isZero();
    }

    private static String digest(String code) {
        return HexFormat.of().formatHex(Digest.sha256(code.getBytes(StandardCharsets.UTF_8)));
    }

    private String jdbc() {
        return "jdbc:postgresql://127.0.0.1:" + address.port() + "/postgres";
    }

    private URI someRelay() {
        return replicas.get(ThreadLocalRandom.current().nextInt(REPLICAS)).uri("/");
    }

    private Map<String, String> environment(MoodyClientSystem... systems) throws IOException {
        var registry = directory.resolve("registry.yaml");
        var yaml = new StringBuilder("systems:\n");
        for (var system : systems) {
            yaml.append(system.yaml());
        }
        Files.writeString(registry, yaml + TestRelay.app(List.of("crm", "news", "desk")));
        var keyring = directory.resolve("keyring.json");
        assertThat(RelayProcess.start(Map.of(), "keys", "generate", keyring.toString()).exitCode())
                .isZero();
        return Map.of(
                "HOST",
                "127.0.0.1",
                "DATABASE_URL",
                jdbc() + "?user=postgres",
                "KEYRING_FILE",
                keyring.toString(),
                "ADMIN_TOKEN",
                ADMIN_TOKEN,
                "REGISTRY_FILE",
                registry.toString(),
                "OUTBOUND_ALLOW",
                "127.0.0.0/8");
    }

    private void execute(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(jdbc(), "postgres", "");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long count(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(jdbc(), "postgres", "");
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
