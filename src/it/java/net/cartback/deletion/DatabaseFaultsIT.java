package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.ForgetfulPooler;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.SchemaRefused;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A database that fails over, a pooler in between, rights that are missing. */
class DatabaseFaultsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Test
    void after_a_failover_no_connection_to_the_standby_is_kept() {
        try (var crm = new FakeClientSystem("crm");
                var relay = new TestRelay().register(crm)) {
            relay.metaAsksToDelete("1");
            var name = relay.address().database();

            // Connections that were made while the server takes no writes, as on a standby.
            TestPostgres.execute(
                    relay.address(),
                    "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
            terminate(relay.address());
            await().atMost(PATIENCE)
                    .until(() -> relay.callback(relay.signedRequest("2")).statusCode() == 503);

            TestPostgres.execute(
                    TestPostgres.empty(),
                    "ALTER DATABASE " + name + " RESET default_transaction_read_only");
            await().atMost(PATIENCE)
                    .until(() -> relay.callback(relay.signedRequest("3")).statusCode() == 200);
            for (int i = 0; i < 20; i++) {
                relay.metaAsksToDelete("4" + i);
            }
        }
    }

    /** Under READ COMMITTED it has no snapshot between its statements, and holds dead rows. */
    @Test
    void a_transaction_that_has_written_is_told_of_while_it_is_open() {
        var address = TestPostgres.migrated();
        try (var database = new Database(address, 2, null, Duration.ofMinutes(1))) {
            database.inTransaction(
                    handle -> {
                        handle.execute("CREATE TABLE written ()");
                        long open =
                                handle.createQuery(
                                                """
                                                SELECT CAST(1000 * EXTRACT(EPOCH FROM
                                                       clock_timestamp() - xact_start) AS bigint)
                                                  FROM pg_stat_activity
                                                 WHERE pid = pg_backend_pid()
                                                """)
                                        .mapTo(Long.class)
                                        .one();
                        assertThat(database.oldestSnapshot().toMillis())
                                .isPositive()
                                .isGreaterThanOrEqualTo(open);
                        return null;
                    });
        }
    }

    @Test
    void a_connection_that_turns_read_only_under_the_pool_is_thrown_away() {
        var address = TestPostgres.migrated();
        try (var database = new Database(address, 2, null, Duration.ofMinutes(1))) {
            for (int i = 0; i < 2; i++) {
                // As a primary does that has become a standby while the session goes on.
                database.withHandle(
                        handle -> handle.execute("SET default_transaction_read_only = on"));
                assertThatThrownBy(() -> write(database)).isInstanceOf(DatabaseUnavailable.class);
            }

            for (int i = 0; i < 20; i++) {
                write(database);
            }
        }
    }

    @Test
    void a_callback_that_fails_is_counted() {
        try (var relay = new TestRelay().register(TestRelay.app(List.of()))) {
            relay.execute("ALTER TABLE deletion_request RENAME COLUMN dated TO broken");

            // Not as the others send them: 500 is in no contract.
            var reply =
                    Http.sendUnchecked(
                            relay.callbackRequest(TestRelay.APP_ID, relay.signedRequest("1")));
            assertThat(reply.statusCode()).isEqualTo(500);
            assertThat(relay.scrape())
                    .contains(
                            "relay_callbacks_total{app=\"1234567890\",kind=\"deletion\","
                                    + "verdict=\"failed\"}");
        }
    }

    private static void write(Database database) {
        database.inTransaction(handle -> handle.execute("CREATE TABLE IF NOT EXISTS x (y int)"));
    }

    @Test
    void what_the_address_says_is_added_to_our_settings_and_does_not_replace_them() {
        var plain = TestPostgres.empty();
        var address =
                DatabaseAddress.parse(
                        "postgres://postgres@127.0.0.1:%d/%s?options=-c%%20search_path%%3Dpublic%%20-c%%20work_mem%%3D9MB%%20-c%%20statement_timeout%%3D0"
                                .formatted(plain.port(), plain.database()));
        try (var database = new Database(address, 2, null, Duration.ofMinutes(1))) {
            assertThat(database.lostSettings()).isEmpty();
            assertThat(setting(database, "work_mem")).isEqualTo("9MB");
            assertThat(setting(database, "statement_timeout")).isEqualTo("10s");
        }
    }

    @Test
    void what_a_database_has_otherwise_does_not_change_what_the_relay_needs() {
        var plain = TestPostgres.empty();
        var name = plain.database();
        for (var other :
                List.of(
                        "default_transaction_isolation = 'repeatable read'",
                        "transaction_timeout = '1s'",
                        "idle_session_timeout = '1s'",
                        "synchronous_commit = 'off'")) {
            TestPostgres.execute(plain, "ALTER DATABASE " + name + " SET " + other);
        }
        try (var database = new Database(plain, 2, null, Duration.ofMinutes(1))) {
            assertThat(database.lostSettings()).isEmpty();
            assertThat(setting(database, "transaction_isolation")).isEqualTo("read committed");
            assertThat(setting(database, "transaction_timeout")).isEqualTo("0");
            assertThat(setting(database, "idle_session_timeout")).isEqualTo("0");
            assertThat(setting(database, "synchronous_commit")).isEqualTo("on");
        }
    }

    @Test
    void several_hosts_are_tried_until_one_takes_writes() {
        var plain = TestPostgres.empty();
        var address =
                DatabaseAddress.parse(
                        "postgres://postgres@127.0.0.1:1,localhost:%d/%s?target_session_attrs=read-write&application_name=x"
                                .formatted(plain.port(), plain.database()));
        try (var database = new Database(address, 2, null, Duration.ofMinutes(1))) {
            assertThat(setting(database, "application_name")).isEqualTo("x");
        }
    }

    @Test
    void settings_that_a_pooler_drops_are_missed() throws IOException {
        var plain = TestPostgres.empty();
        try (var pooler = new ForgetfulPooler(plain.port(), false);
                var database =
                        new Database(through(pooler, plain), 2, null, Duration.ofMinutes(1))) {
            assertThat(database.lostSettings())
                    .contains("statement_timeout", "lock_timeout", "plan_cache_mode");
        }
    }

    @Test
    void a_pooler_that_refuses_them_is_named() throws IOException {
        var plain = TestPostgres.empty();
        try (var pooler = new ForgetfulPooler(plain.port(), true);
                var database = new Database(through(pooler, plain), 2)) {
            var away = catchThrowableOfType(DatabaseUnavailable.class, database::lostSettings);
            assertThat(away.whyRefused())
                    .contains("unsupported startup parameter: options", "A pooler in between");
        }
    }

    @Test
    void a_refused_connection_says_why_in_the_servers_words() {
        var plain = TestPostgres.empty();
        for (var refused :
                List.of(
                        List.of("/nowhere?user=postgres", "database \"nowhere\" does not exist"),
                        List.of(
                                "/" + plain.database() + "?user=nobody",
                                "role \"nobody\" does not exist"),
                        List.of(
                                "/" + plain.database() + "?user=postgres&sslmode=require",
                                "does not support SSL"),
                        List.of(
                                "/"
                                        + plain.database()
                                        + "?user=postgres&sslmode=verify-full&sslrootcert=/nowhere.crt",
                                "does not support SSL"))) {
            var address =
                    DatabaseAddress.parse(
                            "jdbc:postgresql://127.0.0.1:" + plain.port() + refused.getFirst());
            try (var database = new Database(address, 2)) {
                var away = catchThrowableOfType(DatabaseUnavailable.class, database::lostSettings);
                assertThat(away.whyRefused()).contains(refused.getLast());
            }
        }
        try (var database = new Database(DatabaseAddress.parse("postgres://u@127.0.0.1:1/x"), 2)) {
            var away = catchThrowableOfType(DatabaseUnavailable.class, database::lostSettings);
            assertThat(away.whyRefused()).contains("127.0.0.1:1 refused");
        }
    }

    @Test
    void a_role_that_may_not_make_tables_is_told_which_right_it_lacks() {
        var plain = TestPostgres.empty();
        var role = "plain_" + plain.database();
        TestPostgres.execute(plain, "CREATE ROLE " + role + " LOGIN");
        var owner =
                DatabaseAddress.parse(
                        "postgres://%s@127.0.0.1:%d/%s"
                                .formatted(role, plain.port(), plain.database()));

        assertThatThrownBy(() -> Migrations.migrate(owner, null))
                .isInstanceOf(SchemaRefused.class)
                .hasMessageContaining("GRANT CREATE ON SCHEMA public TO " + role);

        TestPostgres.execute(plain, "GRANT CREATE ON SCHEMA public TO " + role);
        assertThatThrownBy(() -> Migrations.migrate(owner, null))
                .isInstanceOf(SchemaRefused.class)
                .hasMessageContaining("GRANT CREATE ON DATABASE " + plain.database());
        TestPostgres.execute(plain, "GRANT CREATE ON DATABASE " + plain.database() + " TO " + role);
        assertThat(Migrations.migrate(owner, null)).isPositive();
    }

    private static DatabaseAddress through(ForgetfulPooler pooler, DatabaseAddress address) {
        return DatabaseAddress.parse(
                "postgres://postgres@127.0.0.1:" + pooler.port() + "/" + address.database());
    }

    private static String setting(Database database, String name) {
        return database.withHandle(
                handle -> handle.createQuery("SHOW " + name).mapTo(String.class).one());
    }

    private static void terminate(DatabaseAddress address) {
        TestPostgres.execute(
                address,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                        + " current_database() AND pid <> pg_backend_pid()");
    }
}
