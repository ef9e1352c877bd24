package net.cartback.deletion.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.EarlierRelease;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.RelayProcess;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** What becomes of a program when a newer one has been at its database. */
@Execution(ExecutionMode.CONCURRENT)
class UpgradeE2E {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String NEWER = "99";

    @TempDir private Path directory;

    private final DatabaseAddress address = TestPostgres.migrated();

    @Test
    void a_program_that_is_too_old_for_the_tables_neither_starts_nor_goes_on() throws IOException {
        try (var crm = new FakeClientSystem("crm").answers(500, "")) {
            var environment = environment(address, crm);
            try (var relay = RelayProcess.serve(environment)) {
                var before = signed("before");
                assertThat(RelayProcess.patiently(() -> callback(relay, before)).statusCode())
                        .isEqualTo(200);
                await().atMost(PATIENCE).until(() -> !crm.received().isEmpty());

                oldestProgram(NEWER);
                await().atMost(PATIENCE)
                        .until(
                                () ->
                                        relay.output()
                                                .contains("Nothing is taken in or sent any more"));
                // What was claimed before comes to its end.
                await().atMost(PATIENCE)
                        .until(
                                () ->
                                        RelayProcess.get(relay.management("/metrics"))
                                                .body()
                                                .contains("relay_in_flight 0.0"));
                int sent = crm.received().size();
                TestPostgres.execute(address, "UPDATE delivery SET next_attempt_at = now()");
                assertThat(callback(relay, signed("meanwhile")).statusCode()).isEqualTo(503);
                assertThat(ready(relay)).isEqualTo(503);

                var another = RelayProcess.start(environment, "serve");
                assertThat(another.exitCode()).isEqualTo(2);
                assertThat(another.output())
                        .contains("This program is too old for the database", NEWER)
                        .doesNotContain("\tat ");
                assertThat(crm.received()).as("sent meanwhile").hasSize(sent);

                oldestProgram(Integer.toString(Migrations.SCHEMA));
                await().atMost(PATIENCE).until(() -> ready(relay) == 200);
                await().atMost(PATIENCE).until(() -> crm.received().size() > sent);
            }
        }
    }

    @Test
    void migrate_leaves_a_newer_schema_alone() throws IOException {
        try (var crm = new FakeClientSystem("crm")) {
            var environment = environment(address, crm);
            TestPostgres.execute(
                    address,
                    "INSERT INTO flyway_schema_history (installed_rank, version, description, type,"
                        + " script, checksum, installed_by, execution_time, success) VALUES (99,"
                        + " '99', 'newer', 'SQL', 'V99__newer.sql', 1, 'postgres', 1, true)");
            var migrate =
                    RelayProcess.start(
                            with(
                                    environment,
                                    "MIGRATION_DATABASE_URL",
                                    jdbcUrl(address, "postgres")),
                            "migrate");
            assertThat(migrate.exitCode()).isEqualTo(2);
            assertThat(migrate.output())
                    .contains("The schema is of version 99", "nothing is done")
                    .doesNotContain("\tat ");
        }
    }

    /**
     * The release before this one serves, and somebody reads for long. Then this one's {@code
     * migrate}, a replica of each beside one another, and this one alone: every callback is
     * answered, every deletion arrives. What is held then is sent by no older program.
     */
    @Test
    void from_the_release_before_to_this_one_nothing_is_lost_and_there_is_no_harmful_way_back()
            throws Exception {
        var earlier = EarlierRelease.jar();
        var empty = TestPostgres.empty();
        try (var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}")) {
            // The service owns nothing, and has only the rights that migrate gives it.
            var service = empty.database() + "_service";
            TestPostgres.execute(empty, "CREATE ROLE " + service + " LOGIN");
            var environment =
                    with(environment(empty, crm), "DATABASE_URL", jdbcUrl(empty, service));
            var migration = with(environment, "MIGRATION_DATABASE_URL", jdbcUrl(empty, "postgres"));
            var first = RelayProcess.startJar(earlier, migration, "migrate");
            assertThat(first.exitCode()).as(first.output()).isZero();

            try (var before = RelayProcess.serveJar(earlier, environment);
                    var door = new Door(before)) {
                door.answersMore(20);
                try (var reader = TestPostgres.connect(empty);
                        var dump = TestPostgres.connect(empty)) {
                    reader.setAutoCommit(false);
                    execute(reader, "SELECT FROM deletion_request, delivery, replica LIMIT 1");
                    // It locks nothing that changes; an index is built when it has ended.
                    dump.setAutoCommit(false);
                    execute(dump, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
                    execute(dump, "SELECT 1");
                    var migrate = RelayProcess.start(migration, "migrate");
                    await().atMost(PATIENCE)
                            .until(() -> migrate.output().contains("waits for a lock on a table"));
                    door.answersMore(20);
                    reader.rollback();
                    await().atMost(PATIENCE)
                            .until(
                                    () ->
                                            number(
                                                            empty,
                                                            "SELECT count(*) FROM"
                                                                    + " flyway_schema_history WHERE"
                                                                    + " version = '19'")
                                                    == 1);
                    door.answersMore(20);
                    // The replica of before goes on saying that it runs, under the new schema.
                    var seen = text(empty, "SELECT clock_timestamp()");
                    await().atMost(PATIENCE)
                            .until(
                                    () ->
                                            number(
                                                            empty,
                                                            "SELECT count(*) FROM replica WHERE"
                                                                    + " seen_at > '"
                                                                    + seen
                                                                    + "'")
                                                    == 1);
                    assertThat(migrate.output()).doesNotContain("The schema is current");
                    dump.rollback();
                    assertThat(migrate.exitCode()).as(migrate.output()).isZero();
                }
                door.answersMore(20);

                try (var now = RelayProcess.serve(environment)) {
                    door.leadsAlsoTo(now);
                    door.answersMore(20);
                    assertThat(hold(now, requestOf(empty)).statusCode())
                            .as("beside an older one")
                            .isEqualTo(409);
                    door.leadsTo(now);
                    before.end();
                    door.answersMore(20);
                    door.stop();
                    assertThat(door.unanswered()).isEmpty();
                    await().atMost(PATIENCE)
                            .until(
                                    () ->
                                            number(
                                                            empty,
                                                            "SELECT count(*) FROM deletion_request"
                                                                + " WHERE closed_at IS NOT NULL")
                                                    >= door.answered());
                    assertThat(number(empty, "SELECT count(*) FROM deletion_request"))
                            .isEqualTo(door.answered());

                    crm.answers(503, "");
                    var held = signed("held");
                    assertThat(RelayProcess.patiently(() -> callback(now, held)).statusCode())
                            .isEqualTo(200);
                    await().atMost(PATIENCE)
                            .until(() -> hold(now, requestOf(empty)).statusCode() == 200);
                }
            }

            var received = crm.received().size();
            crm.answers(200, "{\"outcome\":\"deleted\"}");
            TestPostgres.execute(
                    empty, "UPDATE delivery SET next_attempt_at = now() WHERE state = 'pending'");
            var back = RelayProcess.startJar(earlier, environment, "serve");
            await().atMost(PATIENCE)
                    .until(() -> back.output().contains("too old for what is in the database"));
            back.kill();
            assertThat(crm.received()).as("what is held").hasSize(received);
        }
    }

    private void oldestProgram(String version) {
        TestPostgres.execute(address, "UPDATE oldest_program SET knows_schema = " + version);
    }

    private static int ready(RelayProcess relay) {
        return RelayProcess.get(relay.management("/health/ready")).statusCode();
    }

    private static String signed(String user) {
        return TestRelay.signedRequest(user, Instant.now());
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

    private static Map<String, String> with(
            Map<String, String> environment, String name, String value) {
        var all = new HashMap<>(environment);
        all.put(name, value);
        return all;
    }

    private static String jdbcUrl(DatabaseAddress database, String user) {
        return "jdbc:postgresql://127.0.0.1:"
                + database.port()
                + "/"
                + database.database()
                + "?user="
                + user;
    }

    private Map<String, String> environment(DatabaseAddress database, FakeClientSystem crm)
            throws IOException {
        var registry = directory.resolve("registry.yaml");
        Files.writeString(registry, "systems:\n" + crm.yaml("") + TestRelay.app(List.of("crm")));
        var keyring = directory.resolve("keyring.json");
        if (!Files.exists(keyring)) {
            assertThat(
                            RelayProcess.start(Map.of(), "keys", "generate", keyring.toString())
                                    .exitCode())
                    .isZero();
        }
        return Map.of(
                "HOST",
                "127.0.0.1",
                "ADMIN_TOKEN",
                TestRelay.ADMIN_TOKEN,
                "DATABASE_URL",
                jdbcUrl(database, "postgres"),
                "KEYRING_FILE",
                keyring.toString(),
                "REGISTRY_FILE",
                registry.toString(),
                "OUTBOUND_ALLOW",
                "127.0.0.0/8");
    }

    /** The newest. */
    private static String requestOf(DatabaseAddress database) {
        return text(database, "SELECT id FROM deletion_request ORDER BY id DESC LIMIT 1");
    }

    private static long number(DatabaseAddress database, String sql) {
        return Long.parseLong(text(database, sql));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String text(DatabaseAddress database, String sql) {
        try (var connection = TestPostgres.connect(database);
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            assertThat(row.next()).isTrue();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static HttpResponse<String> hold(RelayProcess relay, String request) {
        return Http.send(
                HttpRequest.newBuilder(relay.management("/admin/v1/requests/" + request + "/hold"))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .POST(
                                BodyPublishers.ofString(
                                        "{\"by\": \"Dana\", \"why\": \"a letter\", \"ground\":"
                                                + " \"legal_claims\"}"))
                        .build());
    }

    /** A proxy's part: callbacks all the time, each to one of the replicas that it leads to. */
    private static final class Door implements AutoCloseable {

        private final AtomicInteger answered = new AtomicInteger();
        private final List<String> unanswered = new CopyOnWriteArrayList<>();
        private final Thread thread;
        private volatile List<RelayProcess> replicas;
        private volatile boolean ended;
        private int calls;

        Door(RelayProcess first) {
            replicas = List.of(first);
            thread = Thread.ofVirtual().start(this::run);
        }

        private void run() {
            // Who is told 503 asks again, with the same wish.
            for (int i = 0; !ended; i++) {
                var signed = signed("u" + i);
                try {
                    var reply = RelayProcess.patiently(() -> callback(next(), signed));
                    if (reply.statusCode() == 200) {
                        answered.incrementAndGet();
                    } else {
                        unanswered.add(i + ": " + reply.statusCode());
                    }
                } catch (RuntimeException e) {
                    unanswered.add(i + ": " + e);
                }
            }
        }

        private RelayProcess next() {
            var all = replicas;
            return all.get(calls++ % all.size());
        }

        void leadsTo(RelayProcess... to) {
            replicas = List.of(to);
            // What is on its way to another one ends first.
            answersMore(2);
        }

        void leadsAlsoTo(RelayProcess another) {
            leadsTo(replicas.getFirst(), another);
        }

        void answersMore(int callbacks) {
            int from = answered.get();
            await().atMost(PATIENCE).until(() -> answered.get() >= from + callbacks);
        }

        int answered() {
            return answered.get();
        }

        List<String> unanswered() {
            return unanswered;
        }

        void stop() {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            stop();
        }
    }
}
