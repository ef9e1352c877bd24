package net.cartback.deletion.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.Keyrings;
import net.cartback.deletion.fixtures.OutsideVerifier;
import net.cartback.deletion.fixtures.RelayProcess;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.fixtures.Wire;
import net.cartback.deletion.serve.KeyRenewal;
import net.cartback.deletion.storage.DatabaseAddress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.Closeable;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Every kind of key is changed while two replicas take callbacks and deliver. */
@Execution(ExecutionMode.CONCURRENT)
class KeyRotationE2E {

    private static final Duration BETWEEN_CALLBACKS = Duration.ofMillis(50);
    // Each look is a process of its own.
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);

    @TempDir private Path directory;

    private final DatabaseAddress address = TestPostgres.migrated();
    private final Map<String, String> codes = new ConcurrentHashMap<>();
    private final List<Long> milliseconds = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean enough = new AtomicBoolean();

    @Test
    void nothing_is_unreadable_nothing_unverifiable_and_everybody_is_answered() throws Exception {
        var keyring = directory.resolve("keyring.json");
        try (var crm =
                        new FakeClientSystem("crm")
                                .answers(200, "{\"outcome\":\"deleted\",\"note\":\"sealed\"}");
                var threads = Executors.newVirtualThreadPerTaskExecutor();
                // Also when this fails: who waits for the threads would wait for ever.
                Closeable _ = () -> enough.set(true)) {
            var environment = environment(keyring, crm);
            command(environment, "keys", "generate", keyring.toString());
            try (var one = RelayProcess.serve(environment);
                    var two = RelayProcess.serve(environment)) {
                var load =
                        threads.submit(
                                () -> {
                                    callbacks(one, two);
                                    return null;
                                });
                await().atMost(Duration.ofMinutes(3)).until(() -> codes.size() >= 100);
                var early = Map.copyOf(codes);
                var old = in(keys(environment), "current");

                command(environment, "keys", "rotate", keyring.toString(), "--in", "PT30S");
                await().atMost(Duration.ofMinutes(3))
                        .pollInterval(BETWEEN_LOOKS)
                        .until(() -> isMade(keys(environment), old));
                assertThat(OutsideVerifier.publishedKeys(one.uri("/.well-known/jwks.json")))
                        .hasSize(2);
                await().atMost(Duration.ofMinutes(3))
                        .pollInterval(BETWEEN_LOOKS)
                        .until(() -> in(keys(environment), "previous").equals(old));
                checkRepeats(early, one, two);

                var told = commandInTheEnd(environment, "keys", "reseal");
                for (var kid : old) {
                    // What it has signed is verified for as long as somebody wants to.
                    assertThat(told.contains(kid)).isEqualTo(!kid.startsWith("signing"));
                }
                checkRepeats(early, one, two);
                assertThat(kidsInUse()).hasSize(1).doesNotContainAnyElementsOf(old);
                var published = OutsideVerifier.publishedKeys(one.uri("/.well-known/jwks.json"));
                enough.set(true);
                load.get(1, TimeUnit.MINUTES);
                awaitAllClosed();
                assertThat(crm.received())
                        .hasSizeGreaterThanOrEqualTo(codes.size())
                        .allSatisfy(
                                received -> {
                                    OutsideVerifier.compareWithLibrary(received, crm.secret());
                                    assertThat(OutsideVerifier.verifiesUnder(received, published))
                                            .isTrue();
                                });

                Files.writeString(keyring, Keyrings.without(Files.readString(keyring), old));
                await().atMost(Duration.ofMinutes(3))
                        .until(
                                () ->
                                        OutsideVerifier.publishedKeys(
                                                                one.uri("/.well-known/jwks.json"))
                                                        .size()
                                                == 1);
                checkRepeats(early, one, one);
            }
            try (var restarted = RelayProcess.serve(environment)) {
                checkRepeats(Map.copyOf(codes), restarted, restarted);
                assertThat(count("SELECT count(*) FROM deletion_request"))
                        .as("no wish was taken for another")
                        .isEqualTo(codes.size());
            }
            var sorted = milliseconds.stream().sorted().toList();
            System.out.println(
                    "Rotation: "
                            + codes.size()
                            + " callbacks, each answered 200, p50 "
                            + sorted.get(sorted.size() / 2)
                            + " ms, p99 "
                            + sorted.get(sorted.size() * 99 / 100)
                            + " ms, longest "
                            + sorted.getLast()
                            + " ms");

            Files.delete(keyring);
            command(environment, "keys", "generate", keyring.toString());
            var stranger = RelayProcess.start(environment, "serve");
            assertThat(stranger.exitCode()).isEqualTo(2);
            assertThat(stranger.output()).contains("KEYRING_FILE").contains("data");
        }
    }

    @Test
    void a_replica_that_was_away_meanwhile_takes_no_wish_twice_and_parks_nothing()
            throws Exception {
        var keyring = directory.resolve("keyring.json");
        try (var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
                var wire = new Wire(address.port())) {
            var environment = environment(keyring, crm);
            command(environment, "keys", "generate", keyring.toString());
            var overWire = new HashMap<>(environment);
            overWire.computeIfPresent(
                    "DATABASE_URL",
                    (name, url) -> url.replace(":" + address.port(), ":" + wire.port()));
            try (var away = RelayProcess.serve(overWire);
                    var there = RelayProcess.serve(environment)) {
                code(away, TestRelay.signedRequest("first", Instant.now()));
                wire.freeze();
                // The others go on without it, and so do the keys.
                await().atMost(Duration.ofMinutes(4)).until(() -> !isReady(away));
                command(environment, "keys", "rotate", keyring.toString(), "--in", "PT1S");
                await().atMost(Duration.ofMinutes(4))
                        .until(() -> there.output().contains("Another key is in force"));
                assertThat(isReady(there)).isTrue();
                var signed = new ArrayList<String>();
                for (int i = 0; i < 50; i++) {
                    signed.add(TestRelay.signedRequest("away" + i, Instant.now()));
                    codes.put(signed.getLast(), code(there, signed.getLast()));
                }

                wire.thaw();
                for (var each : signed) {
                    // Not now, or the same.
                    var reply = callback(away, each);
                    if (reply.statusCode() == 200) {
                        assertThat(Http.json(reply).get("confirmation_code").textValue())
                                .isEqualTo(codes.get(each));
                    } else {
                        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(503);
                    }
                }
                await().atMost(Duration.ofMinutes(4)).until(() -> isReady(away));
                checkRepeats(codes, away);
                awaitAllClosed();

                assertThat(count("SELECT count(*) FROM deletion_request")).isEqualTo(51);
                assertThat(count("SELECT count(*) FROM delivery WHERE state = 'parked'")).isZero();
                assertThat(count("SELECT count(*) FROM audit WHERE detail::text LIKE '%parked%'"))
                        .isZero();
            }
        }
    }

    private static boolean isReady(RelayProcess relay) {
        return RelayProcess.get(relay.management("/health/ready")).statusCode() == 200;
    }

    private void callbacks(RelayProcess... relays) throws InterruptedException {
        for (long user = 1; !enough.get(); user++) {
            var signed = TestRelay.signedRequest(Long.toString(user), Instant.now());
            long start = System.nanoTime();
            codes.put(signed, code(relays[(int) (user % relays.length)], signed));
            milliseconds.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
            TimeUnit.MILLISECONDS.sleep(BETWEEN_CALLBACKS.toMillis());
        }
    }

    private static void checkRepeats(Map<String, String> known, RelayProcess... relays) {
        int n = 0;
        for (var each : known.entrySet()) {
            assertThat(code(relays[n++ % relays.length], each.getKey())).isEqualTo(each.getValue());
        }
    }

    private static String code(RelayProcess relay, String signed) {
        var reply = RelayProcess.patiently(() -> callback(relay, signed));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Http.json(reply).get("confirmation_code").textValue();
    }

    private static HttpResponse<String> callback(RelayProcess relay, String signed) {
        return Http.send(
                HttpRequest.newBuilder(relay.uri("/meta/" + TestRelay.APP_ID + "/data-deletion"))
                        .timeout(Duration.ofMinutes(1))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(
                                BodyPublishers.ofString(
                                        "signed_request="
                                                + URLEncoder.encode(
                                                        signed, StandardCharsets.UTF_8)))
                        .build());
    }

    /** What {@code keys status} tells of keys that both relays have loaded: ids by state. */
    private static Map<String, Set<String>> keys(Map<String, String> environment) {
        var keys = new TreeMap<String, Set<String>>();
        command(environment, "keys", "status")
                .lines()
                .filter(line -> line.endsWith("loaded by 2 of 2"))
                .map(line -> line.split(" +"))
                .forEach(
                        words ->
                                keys.computeIfAbsent(words[1], k -> new TreeSet<>()).add(words[2]));
        return keys;
    }

    /** Whether there are new ones: to come, or in force by now. */
    private static boolean isMade(Map<String, Set<String>> keys, Set<String> old) {
        return keys.containsKey("next") || in(keys, "previous").equals(old);
    }

    private static Set<String> in(Map<String, Set<String>> keys, String state) {
        return keys.getOrDefault(state, Set.of());
    }

    private void awaitAllClosed() {
        await().atMost(Duration.ofMinutes(3))
                .until(
                        () ->
                                count(
                                                "SELECT count(*) FROM deletion_request WHERE"
                                                        + " closed_at IS NULL")
                                        == 0);
    }

    private static String command(Map<String, String> environment, String... arguments) {
        var process = RelayProcess.start(environment, arguments);
        assertThat(process.exitCode()).as(process.output()).isZero();
        return process.output();
    }

    /** Again, until it is done. */
    private static String commandInTheEnd(Map<String, String> environment, String... arguments) {
        var done = new AtomicReference<RelayProcess>();
        await().atMost(Duration.ofMinutes(4))
                .pollInterval(BETWEEN_LOOKS)
                .until(
                        () -> {
                            done.set(RelayProcess.start(environment, arguments));
                            return done.get().exitCode() == 0
                                    && !done.get().output().contains("Run this again");
                        });
        return done.get().output();
    }

    private Set<String> kidsInUse() throws SQLException {
        var kids = new TreeSet<String>();
        for (var column : KeyRenewal.sealedColumns()) {
            var sql =
                    "SELECT DISTINCT convert_from(substring(%1$s FROM 3 FOR get_byte(%1$s, 1)), 'UTF8') FROM %2$s WHERE %1$s IS NOT NULL"
                            .formatted(column.column(), column.table());
            try (var connection = TestPostgres.connect(address);
                    var statement = connection.createStatement();
                    var rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    kids.add(rows.getString(1));
                }
            }
        }
        return kids;
    }

    private long count(String sql) throws SQLException {
        try (var connection = TestPostgres.connect(address);
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private Map<String, String> environment(Path keyring, FakeClientSystem crm) throws IOException {
        var registry = directory.resolve("registry.yaml");
        Files.writeString(registry, "systems:\n" + crm.yaml("") + TestRelay.app(List.of("crm")));
        return Map.of(
                "HOST",
                "127.0.0.1",
                "DATABASE_URL",
                "jdbc:postgresql://127.0.0.1:"
                        + address.port()
                        + "/"
                        + address.database()
                        + "?user=postgres",
                "KEYRING_FILE",
                keyring.toString(),
                "REGISTRY_FILE",
                registry.toString(),
                "ADMIN_TOKEN",
                "admin-token-of-rotation-0123456789abcdef",
                "OUTBOUND_ALLOW",
                "127.0.0.0/8");
    }
}
