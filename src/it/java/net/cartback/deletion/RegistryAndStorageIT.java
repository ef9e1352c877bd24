package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;

import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

class RegistryAndStorageIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Test
    void applying_the_same_file_again_changes_nothing() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm")) {
            relay.register(crm);
            var before = contents(relay);

            relay.register(crm);

            assertThat(contents(relay)).isEqualTo(before);
        }
    }

    @Test
    void what_a_file_does_not_name_is_left_alone_and_a_list_that_is_given_replaces() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm");
                var shop = new FakeClientSystem("shop")) {
            relay.register(crm, shop);
            relay.register(
                    "apps: [{id: \"%s\", name: Renamed, systems: [shop]}]"
                            .formatted(TestRelay.APP_ID));

            var app = relay.registry().app(new MetaAppId(TestRelay.APP_ID)).orElseThrow();
            assertThat(app.name().name()).isEqualTo("Renamed");
            assertThat(app.secrets()).hasSize(1);
            assertThat(relay.count("SELECT count(*) FROM subscription WHERE system_id = 'shop'"))
                    .isEqualTo(1);
            assertThat(relay.count("SELECT count(*) FROM subscription")).isEqualTo(1);
            assertThat(relay.count("SELECT count(*) FROM client_system")).isEqualTo(2);
        }
    }

    @Test
    void a_secret_that_stays_keeps_its_id_while_others_come_and_go() {
        try (var relay = new TestRelay()) {
            relay.register(TestRelay.app(List.of()));
            var id =
                    relay.registry()
                            .app(new MetaAppId(TestRelay.APP_ID))
                            .orElseThrow()
                            .secrets()
                            .getFirst()
                            .id();

            relay.register(
                    "apps: [{id: \"%s\", secrets: [{value: 9d1f00a7c3e24b58}, {value: %s}]}]"
                            .formatted(TestRelay.APP_ID, TestRelay.APP_SECRET));

            var secrets =
                    relay.registry().app(new MetaAppId(TestRelay.APP_ID)).orElseThrow().secrets();
            assertThat(secrets).hasSize(2);
            assertThat(secrets.get(1).id()).isEqualTo(id);
        }
    }

    @Test
    void a_file_that_does_not_fit_is_refused_as_a_whole_with_every_fault() {
        try (var relay = new TestRelay()) {
            assertThatThrownBy(
                            () ->
                                    relay.register(
                                            """
                                            apps:
                                              - {id: "1", name: Good, secrets: [{value: 5f0c6a8e9b1d4c37}]}
                                              - {id: "2", systems: [nowhere]}
                                            systems:
                                              - {id: bare}
                                            """))
                    .isInstanceOfSatisfying(
                            InvalidRegistry.class,
                            invalid ->
                                    assertThat(invalid.faults())
                                            .containsExactlyInAnyOrder(
                                                    "systems[0].name: is required for a new entry",
                                                    "systems[0].url: is required for a new entry",
                                                    "systems[0].secrets: is required for a new"
                                                            + " entry",
                                                    "apps[1].name: is required for a new entry",
                                                    "apps[1].secrets: is required for a new entry",
                                                    "apps[1].systems[0]: no system has the id"
                                                            + " nowhere"));
            assertThat(relay.count("SELECT count(*) FROM meta_app")).isZero();
        }
    }

    @Test
    void a_token_in_the_query_of_an_address_is_in_no_plain_column_and_goes_out_with_the_call() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm")) {
            relay.register(crm);
            relay.register("systems: [{id: crm, url: \"%s?code=t0ken&x=1\"}]".formatted(crm.url()));
            assertThat(relay.count("SELECT count(*) FROM client_system WHERE url LIKE '%?%'"))
                    .isZero();
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            assertThat(crm.received().getFirst().path()).isEqualTo("/deletions?code=t0ken&x=1");

            // Another name leaves the address alone; another address has no query of the old one.
            relay.register("systems: [{id: crm, name: Renamed}]");
            assertThat(url(relay)).endsWith("?code=t0ken&x=1");
            relay.register("systems: [{id: crm, url: \"%s\"}]".formatted(crm.url()));
            assertThat(url(relay)).isEqualTo(crm.url());
        }
    }

    @Test
    void a_system_that_starts_to_listen_gets_the_open_requests_in_batches() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm");
                var late = new FakeClientSystem("late")) {
            relay.register(
                    "systems:\n"
                            + crm.yaml("")
                            + late.yaml("events: [deauthorization]")
                            + TestRelay.app(List.of("crm", "late")));
            relay.metaAsksToDelete("1");
            relay.execute("DELETE FROM backfill");
            // More than one batch holds.
            relay.database()
                    .withHandle(
                            handle ->
                                    handle.execute(
                                            """
                                            INSERT INTO deletion_request
                                                   (id, app_id, platform, secret_id, dated, code_digest,
                                                    requested_at, received_at, due_at, open_deliveries)
                                            SELECT uuidv7(), app_id, platform, secret_id, true,
                                                   sha256(i::text::bytea), requested_at, received_at,
                                                   due_at, 0
                                              FROM deletion_request, generate_series(1, 1200) i
                                            """));

            relay.register("systems: [{id: late, events: [deletion]}]");

            assertThat(relay.count("SELECT count(*) FROM delivery WHERE system_id = 'late'"))
                    .isEqualTo(1201);
            assertThat(
                            relay.count(
                                    "SELECT count(*) FROM deletion_request r WHERE open_deliveries"
                                        + " <> (SELECT count(*) FROM delivery d WHERE d.request_id"
                                        + " = r.id)"))
                    .isZero();
            anHourLater(relay);
            awaitFilled(relay);
        }
    }

    @Test
    void a_backfill_waits_for_no_lock_and_nobody_for_it() throws SQLException {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm");
                var late = new FakeClientSystem("late");
                var vacuum = TestPostgres.connect(relay.address());
                var statement = vacuum.createStatement()) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            vacuum.setAutoCommit(false);
            // What VACUUM and CREATE INDEX CONCURRENTLY hold for as long as they run.
            statement.execute("LOCK TABLE deletion_request IN SHARE UPDATE EXCLUSIVE MODE");

            relay.register(crm, late);

            assertThat(relay.count("SELECT count(*) FROM delivery WHERE system_id = 'late'"))
                    .isOne();
            relay.metaAsksToDelete("2");
            assertThat(relay.count("SELECT count(*) FROM delivery WHERE system_id = 'late'"))
                    .isEqualTo(2);
        }
    }

    @Test
    void what_was_under_way_when_a_system_was_added_gets_it_when_it_is_committed()
            throws SQLException {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm");
                var late = new FakeClientSystem("late");
                var under = TestPostgres.connect(relay.address());
                var statement = under.createStatement()) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            relay.execute("DELETE FROM backfill");
            under.setAutoCommit(false);
            statement.execute(
                    """
                    INSERT INTO deletion_request
                           (id, app_id, platform, secret_id, dated, code_digest,
                            requested_at, received_at, due_at, open_deliveries)
                    SELECT uuidv7(), app_id, platform, secret_id, true, sha256('x'),
                           requested_at, received_at, due_at, 0
                      FROM deletion_request
                    """);
            relay.register(crm, late);
            anHourLater(relay);
            // Its transaction is not over: the backfill goes on waiting.
            assertThat(relay.backfill().fillOpenRequests()).isZero();
            assertThat(relay.backfill().fillOpenRequests()).isZero();
            assertThat(relay.count("SELECT count(*) FROM backfill")).isOne();

            under.commit();

            // What else the server does may be under way for a moment.
            await().atMost(PATIENCE).until(() -> relay.backfill().fillOpenRequests() == 1);
            assertThat(relay.count("SELECT count(*) FROM delivery WHERE system_id = 'late'"))
                    .isEqualTo(2);
            assertThat(relay.count("SELECT count(*) FROM backfill")).isZero();
        }
    }

    /** Nothing is left to do, and nothing is done: once the server does nothing else. */
    private static void awaitFilled(TestRelay relay) {
        await().atMost(PATIENCE)
                .until(
                        () -> {
                            assertThat(relay.backfill().fillOpenRequests()).isZero();
                            return relay.count("SELECT count(*) FROM backfill") == 0;
                        });
    }

    /** No statement is under way any more that began before. */
    private static void anHourLater(TestRelay relay) {
        relay.execute("UPDATE backfill SET subscribed_at = subscribed_at - INTERVAL '1 hour'");
    }

    @Test
    void what_was_left_half_way_is_gone_on_with_and_nothing_is_created_twice() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm")) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            relay.database()
                    .withHandle(
                            handle ->
                                    handle.execute(
                                            "INSERT INTO backfill (app_id, system_id) VALUES (?,"
                                                    + " 'crm')",
                                            TestRelay.APP_ID));

            assertThat(relay.backfill().fillOpenRequests()).isZero();
            anHourLater(relay);
            awaitFilled(relay);

            assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(1);
            assertThat(relay.count("SELECT open_deliveries FROM deletion_request")).isEqualTo(1);
        }
    }

    @Test
    void applying_a_registry_again_locks_nothing_and_fills_nothing() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm")) {
            relay.register(crm);
            relay.execute("DELETE FROM backfill");
            relay.registry()
                    .apply(
                            RegistryFile.parse(
                                    "systems:\n" + crm.yaml("") + TestRelay.app(List.of("crm")),
                                    Map.of(),
                                    true));
            assertThat(relay.count("SELECT count(*) FROM backfill")).isZero();
        }
    }

    @Test
    void exactly_the_same_file_is_applied_once_at_start() {
        try (var relay = new TestRelay()) {
            var file = RegistryFile.parse(TestRelay.app(List.of()), Map.of(), true);
            assertThat(relay.registry().applyOnce(file)).isTrue();
            relay.register("apps: [{id: \"%s\", name: Changed since}]".formatted(TestRelay.APP_ID));

            assertThat(relay.registry().applyOnce(file)).isFalse();

            assertThat(relay.registry().app(new MetaAppId(TestRelay.APP_ID)).orElseThrow().name())
                    .isEqualTo(Names.of("Changed since"));
        }
    }

    @Test
    void subscribing_a_system_creates_the_missing_deliveries_of_open_requests() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}")) {
            relay.register(TestRelay.app(List.of()));
            var code = relay.metaAsksToDelete("1");
            assertThat(relay.status(code).get("state").textValue()).isEqualTo("received");

            relay.register(crm);
            assertThat(relay.dispatchOnce()).isEqualTo(1);

            assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        }
    }

    @Test
    void a_system_that_starts_to_take_deletions_gets_the_open_ones() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm")) {
            relay.register(
                    "systems:\n"
                            + crm.yaml("events: [deauthorization]")
                            + TestRelay.app(List.of("crm")));
            relay.metaAsksToDelete("1");
            assertThat(relay.dispatchOnce()).isZero();

            relay.register("systems: [{id: crm, events: [deletion]}]");

            assertThat(relay.dispatchOnce()).isEqualTo(1);
        }
    }

    @Test
    void many_processes_may_migrate_at_once() throws Exception {
        var address = TestPostgres.empty();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < 6; i++) {
                tasks.add(() -> Migrations.migrate(address, null));
            }
            var applied =
                    threads.invokeAll(tasks).stream().mapToInt(future -> future.resultNow()).sum();
            assertThat(Migrations.isCurrent(address)).isTrue();
            try (var database = new Database(address, 2, null, PATIENCE)) {
                int recorded =
                        database.withHandle(
                                handle ->
                                        handle.createQuery(
                                                        "SELECT count(*) FROM"
                                                                + " flyway_schema_history")
                                                .mapTo(Integer.class)
                                                .one());
                assertThat(applied).as("each migration by one of them").isEqualTo(recorded);
            }
        }
    }

    @Test
    void the_services_role_may_use_the_tables_and_not_the_schema() {
        var owner = TestPostgres.empty();
        TestPostgres.execute(owner, "DROP ROLE IF EXISTS relay_service");
        TestPostgres.execute(owner, "CREATE ROLE relay_service LOGIN");
        Migrations.migrate(owner, "relay_service");
        var service =
                new DatabaseAddress(
                        owner.host(),
                        owner.port(),
                        owner.database(),
                        "relay_service",
                        null,
                        Map.of());

        assertThat(Migrations.isCurrent(service)).isTrue();
        try (var database = new Database(service, 2, null, PATIENCE)) {
            long deliveries =
                    database.withHandle(
                            handle ->
                                    handle.createQuery("SELECT count(*) FROM delivery")
                                            .mapTo(Long.class)
                                            .one());
            assertThat(deliveries).isZero();
            assertThatThrownBy(
                            () ->
                                    database.withHandle(
                                            handle -> handle.execute("CREATE TABLE x (y int)")))
                    .rootCause()
                    .hasMessageContaining("permission denied for schema public");
            assertThatThrownBy(
                            () ->
                                    database.withHandle(
                                            handle ->
                                                    handle.execute(
                                                            "DELETE FROM flyway_schema_history")))
                    .rootCause()
                    .hasMessageContaining("permission denied");
        }
    }

    @Test
    void an_empty_database_is_not_current() {
        assertThat(Migrations.isCurrent(TestPostgres.empty())).isFalse();
    }

    private static List<Map<String, Object>> contents(TestRelay relay) {
        var rows = new ArrayList<Map<String, Object>>();
        for (var sql :
                List.of(
                        "SELECT * FROM meta_app",
                        "SELECT id, app_id, position, label, not_after FROM app_secret",
                        "SELECT id, name, public_name, url, events::text, ack_means, answers::text,"
                                + " max_in_flight, timeout_ms FROM client_system",
                        "SELECT id, system_id, position, label, not_after FROM system_secret",
                        "SELECT * FROM subscription")) {
            rows.addAll(
                    relay.database()
                            .withHandle(handle -> handle.createQuery(sql).mapToMap().list()));
        }
        return rows;
    }

    private static String url(TestRelay relay) {
        return relay.registry().system(new ClientSystemId("crm")).orElseThrow().url().toString();
    }

    @Test
    void a_migration_that_waits_for_a_reader_makes_nobody_wait_behind_it() throws Exception {
        var address = TestPostgres.empty();
        Flyway.configure()
                .dataSource(
                        "jdbc:postgresql://127.0.0.1:" + address.port() + "/" + address.database(),
                        address.user(),
                        null)
                .locations("classpath:db/migration")
                .target("17")
                .load()
                .migrate();
        try (var reader = TestPostgres.connect(address);
                var statement = reader.createStatement();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            reader.setAutoCommit(false);
            statement.execute("SELECT count(*) FROM client_system");
            var migration = threads.submit(() -> Migrations.migrate(address, null));
            try (var database = new Database(address, 1, null, PATIENCE)) {
                // Each of these waits behind the migration's lock, if that waits for the reader.
                for (int i = 0; i < 200; i++) {
                    assertThat(
                                    database.<Integer, RuntimeException>withHandle(
                                            handle ->
                                                    handle.createQuery(
                                                                    "SELECT count(*) FROM"
                                                                            + " client_system")
                                                            .mapTo(Integer.class)
                                                            .one()))
                            .isZero();
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
            assertThat(migration.isDone()).isFalse();
            reader.rollback();

            assertThat(migration.get()).isEqualTo(Migrations.SCHEMA - 17);
        }
    }
}
