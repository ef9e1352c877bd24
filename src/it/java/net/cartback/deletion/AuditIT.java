package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** The audit trail: what is written down, and that nothing of it can be changed unnoticed. */
class AuditIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String THIRD = "(SELECT id FROM audit ORDER BY id OFFSET 2 LIMIT 1)";

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(200, DELETED);
        relay = new TestRelay().register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void every_change_from_the_callback_to_the_last_answer_is_written_down() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();

        assertThat(
                        relay.texts(
                                """
                                SELECT concat_ws(' ', actor, event, app_id, system_id, detail,
                                                 deliveries)
                                  FROM audit
                                 WHERE request_id = (SELECT id FROM deletion_request)
                                 ORDER BY id
                                """))
                .containsExactlyInAnyOrder(
                        "meta request.recorded " + TestRelay.APP_ID + " deletion 1",
                        "client:crm delivery.closed crm deleted",
                        "relay request.completed " + TestRelay.APP_ID);
    }

    @Test
    void what_operators_and_the_relay_do_is_written_down() {
        crm.answers(400, "");
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        var delivery = relay.texts("SELECT id::text FROM delivery").getFirst();
        relay.admin("/systems/crm/pause", "");
        relay.admin("/systems/crm/resume", "");
        relay.admin("/deliveries/" + delivery + "/unpark", "");
        relay.admin("/deliveries/" + delivery + "/close-unconfirmed", "");
        rename();
        relay.clock().advance(Duration.ofDays(36));
        relay.retention().sweepIfDue();
        relay.clock().advance(Duration.ofDays(740));
        relay.retention().sweepIfDue();

        assertThat(
                        relay.texts(
                                """
                                SELECT concat_ws(' ', actor, event, system_id, detail, deliveries)
                                  FROM audit
                                 WHERE event NOT LIKE 'request.recorded'
                                """))
                .contains(
                        "relay app.added",
                        "relay system.added crm",
                        "relay subscription.added crm",
                        "relay delivery.parked crm status_400",
                        "operator:configured system.held crm paused",
                        "operator:configured operator.pause crm 0",
                        "operator:configured system.held crm resuming",
                        "operator:configured operator.resume crm 0",
                        "operator:configured delivery.pending crm status_400",
                        "operator:configured operator.unpark crm 1",
                        "operator:configured delivery.closed crm unconfirmed",
                        "operator:configured request.completed",
                        "operator:configured operator.unconfirmed crm 1",
                        "relay system.changed crm public_name",
                        "relay request.erased",
                        "relay sweep.ended erased=1,dropped=0",
                        "relay delivery.dropped crm",
                        "relay request.dropped",
                        "relay sweep.ended erased=0,dropped=1");
    }

    @Test
    void what_is_rolled_back_is_not_written_down() {
        long before = relay.count("SELECT count(*) FROM audit");
        assertThatThrownBy(() -> relay.execute("UPDATE meta_app SET name = 'x'; SELECT 1 / 0"))
                .isInstanceOf(RuntimeException.class);
        assertThat(relay.count("SELECT count(*) FROM audit")).isEqualTo(before);
    }

    @Test
    void a_whole_chain_is_whole_and_goes_on() {
        relay.metaAsksToDelete("1001");
        relay.chainAudit();
        relay.dispatchOnce();
        relay.chainAudit();

        var report = relay.verifyAudit(relay.auditHeads());
        assertThat(report.breaks()).isEmpty();
        assertThat(report.blocks()).isGreaterThanOrEqualTo(2);
        assertThat(report.rows()).isEqualTo(relay.count("SELECT count(*) FROM audit"));
        assertThat(report.unchained()).isZero();
        assertThat(report.heads()).isEqualTo(2);
    }

    @Test
    void no_row_is_chained_while_one_with_a_lower_id_may_still_come() throws SQLException {
        try (var slow = TestPostgres.connect(relay.address());
                var statement = slow.createStatement()) {
            slow.setAutoCommit(false);
            statement.execute("UPDATE meta_app SET name = 'slow'");
            long slowRow;
            try (var row = statement.executeQuery("SELECT max(id) FROM audit")) {
                row.next();
                slowRow = row.getLong(1);
            }
            relay.metaAsksToDelete("1001");
            for (int i = 0; i < 5; i++) {
                relay.audit().round();
            }
            assertThat(relay.count("SELECT COALESCE(max(last_id), 0) FROM audit_block"))
                    .isLessThan(slowRow);
            slow.commit();
        }
        relay.chainAudit();

        assertThat(relay.verifyAudit(List.of()).breaks()).isEmpty();
        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'app.changed'"))
                .isEqualTo(1);
    }

    @Test
    void many_writers_and_two_replicas_make_one_whole_chain() throws Exception {
        var other = relay.replica();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<Object>>();
            for (int i = 0; i < 60; i++) {
                var user = "user-" + i;
                tasks.add(() -> relay.metaAsksToDelete(user));
            }
            for (var each : List.of(relay, other)) {
                tasks.add(
                        () -> {
                            for (int round = 0; round < 30; round++) {
                                each.audit().round();
                            }
                            return "";
                        });
            }
            for (var done : executor.invokeAll(tasks)) {
                done.get();
            }
        }
        relay.chainAudit();

        var report = relay.verifyAudit(List.of());
        assertThat(report.breaks()).isEmpty();
        assertThat(report.rows()).isEqualTo(relay.count("SELECT count(*) FROM audit"));
    }

    @Test
    void a_changed_row_is_named() {
        chained();
        var id = relay.count("SELECT " + THIRD);
        tamper("UPDATE audit SET actor = 'relay2' WHERE id = " + id);
        assertThat(breaks()).containsExactly("row " + id + ": changed");
    }

    @Test
    void a_removed_row_is_named() {
        chained();
        var id = relay.count("SELECT " + THIRD);
        tamper("DELETE FROM audit WHERE id = " + id);
        assertThat(breaks()).containsExactly("row " + id + ": removed");
    }

    @Test
    void rows_that_changed_places_are_named() {
        chained();
        var id = relay.count("SELECT " + THIRD);
        tamper(
                """
                UPDATE audit a
                   SET (at, actor, event, app_id, system_id, request_id, delivery_id, detail,
                        deliveries)
                     = (SELECT at, actor, event, app_id, system_id, request_id, delivery_id, detail,
                               deliveries
                          FROM audit b
                         WHERE b.id = CASE a.id WHEN %d THEN %d ELSE %d END)
                 WHERE a.id IN (%d, %d)
                """
                        .formatted(id, id + 1, id, id, id + 1));
        assertThat(breaks())
                .containsExactly("row " + id + ": changed", "row " + (id + 1) + ": changed");
    }

    @Test
    void a_row_that_was_put_in_is_named() {
        chained();
        var id = relay.count("SELECT min(id) - 1 FROM audit");
        tamper("INSERT INTO audit (id, actor, event) VALUES (" + id + ", 'relay', 'x.y')");
        assertThat(breaks()).containsExactly("row " + id + ": put in after its time");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UPDATE audit_block SET previous_hash = hash WHERE number = 2"
                        + " | block 2 does not follow block 1",
                "UPDATE audit_block SET row_hashes = set_byte(row_hashes, 0, 0),"
                        + " hash = sha256(hash) WHERE number = 1 | block 1: changed",
                "DELETE FROM audit_block WHERE number = 2"
                        + " | block 3 follows block 1: those in between are missing",
                "DELETE FROM audit_block WHERE number = 1"
                        + " | blocks 1 to 1 are missing, and no signed checkpoint stands for them",
            })
    void a_block_that_was_tampered_with_is_named(String sql, String first) {
        chained();
        tamper(sql);
        assertThat(breaks()).startsWith(first);
    }

    @Test
    void an_end_that_was_cut_off_is_found_against_a_signed_head() {
        chained();
        relay.clock().advance(Duration.ofHours(2));
        relay.audit().round();
        var head = relay.auditHeads().getLast();
        long last = relay.count("SELECT max(number) FROM audit_block");
        tamper(
                "DELETE FROM audit WHERE id > (SELECT last_id FROM audit_block WHERE number = "
                        + (last - 1)
                        + ")");
        tamper("DELETE FROM audit_block WHERE number = " + last);
        tamper("DELETE FROM audit_head");

        assertThat(breaks()).isEmpty();
        assertThat(relay.verifyAudit(List.of(head)).breaks())
                .singleElement()
                .asString()
                .startsWith("the chain ends with block " + (last - 1) + ", and a head of ")
                .endsWith("stands for block " + last + ": its end was cut off");
    }

    @Test
    void a_chain_that_was_made_anew_is_found_against_a_signed_head() {
        chained();
        tamper("UPDATE audit SET actor = 'somebody' WHERE id = " + THIRD);
        tamper("DELETE FROM audit_block");
        relay.chainAudit();

        assertThat(relay.verifyAudit(relay.auditHeads()).breaks())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each).contains("a head of"));
    }

    @Test
    void a_head_that_nobody_here_signed_is_refused() {
        chained();
        var head = relay.auditHeads().getFirst();
        var parts = head.split("\\.", -1);
        for (var forged :
                List.of(
                        "",
                        "x",
                        parts[0] + "." + parts[1] + ".",
                        parts[0] + "." + parts[1] + "x." + parts[2],
                        "eyJhbGciOiJub25lIn0." + parts[1] + ".",
                        relay.keyring().signDocument("proof+json", "{}"))) {
            assertThat(relay.verifyAudit(List.of(forged)).breaks())
                    .containsExactly("head 1 is not signed by a key of this keyring");
        }
    }

    @Test
    void the_trail_can_only_be_added_to() {
        chained();
        for (var sql :
                List.of(
                        "UPDATE audit SET actor = 'x'",
                        "DELETE FROM audit",
                        "TRUNCATE audit",
                        "DELETE FROM audit_month.audit_" + month(),
                        "TRUNCATE audit_month.audit_" + month(),
                        "UPDATE audit_block SET number = 7",
                        "DELETE FROM audit_head",
                        "TRUNCATE audit_block",
                        "DELETE FROM audit_checkpoint")) {
            assertThatThrownBy(() -> relay.execute(sql))
                    .as(sql)
                    .rootCause()
                    .hasMessageContaining("can only be added to");
        }
    }

    @Test
    void the_service_s_role_can_neither_write_nor_change_the_trail() throws SQLException {
        var owner = TestPostgres.empty();
        TestPostgres.execute(owner, "CREATE ROLE relay_audited LOGIN");
        Migrations.migrate(owner, "relay_audited");
        try (var connection = TestPostgres.connect(owner, "relay_audited");
                var statement = connection.createStatement()) {
            statement.execute("INSERT INTO meta_app VALUES ('77', 'An app', 'facebook', 'live')");
            try (var rows = statement.executeQuery("SELECT event FROM audit WHERE app_id = '77'")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getString(1)).isEqualTo("app.added");
            }
            for (var sql :
                    List.of(
                            "INSERT INTO audit (actor, event) VALUES ('meta', 'request.recorded')",
                            "INSERT INTO audit_month.audit_"
                                    + month()
                                    + " (actor, event) VALUES ('meta', 'x')",
                            "UPDATE audit SET actor = 'x'",
                            "DELETE FROM audit",
                            "TRUNCATE audit",
                            "DROP TABLE audit",
                            "ALTER TABLE audit DISABLE TRIGGER ALL",
                            "ALTER TABLE delivery DISABLE TRIGGER ALL",
                            "SET session_replication_role = replica",
                            "UPDATE audit_block SET number = 7",
                            "DELETE FROM audit_block",
                            "DELETE FROM audit_head",
                            "UPDATE audit_checkpoint SET block = 7",
                            "SELECT nextval('audit_id')",
                            "SELECT audit_drop_month(date_trunc('month', now())::date)")) {
                assertThatThrownBy(() -> statement.execute(sql))
                        .as(sql)
                        .isInstanceOf(SQLException.class)
                        .satisfies(
                                e ->
                                        assertThat(((SQLException) e).getSQLState())
                                                .isIn("42501", "55000"));
            }
        }
    }

    @Test
    void a_month_that_is_old_is_dropped_behind_a_checkpoint_from_which_verification_starts() {
        relay.metaAsksToDelete("1001");
        relay.chainAudit();
        var oldHead = relay.auditHeads().getFirst();
        var rows = relay.count("SELECT count(*) FROM audit");

        relay.clock().advance(Duration.ofDays(400));
        relay.audit().round();
        relay.dispatchOnce();
        relay.chainAudit();
        assertThat(relay.count("SELECT count(*) FROM audit")).isGreaterThan(rows);

        relay.clock().advance(Duration.ofDays(400));
        relay.audit().round();
        rename();
        relay.chainAudit();
        relay.clock().advance(Duration.ofHours(2));
        relay.audit().round();

        // All of it was written today by the database's clock, so all of the closed months go.
        assertThat(relay.texts("SELECT detail FROM audit WHERE event = 'system.changed'"))
                .containsExactly("public_name");
        assertThat(relay.count("SELECT count(*) FROM audit WHERE request_id IS NOT NULL")).isZero();
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isEqualTo(2);
        var report = relay.verifyAudit(List.of(oldHead, relay.auditHeads().getLast()));
        assertThat(report.breaks()).isEmpty();
        assertThat(report.blocks()).isPositive();

        tamper(
                "INSERT INTO audit (id, actor, event) SELECT last_id + 1, 'x', 'x.y' FROM"
                        + " audit_block ORDER BY number DESC LIMIT 1");
        tamper("UPDATE audit_checkpoint SET jws = jws || 'x'");
        assertThat(breaks()).first().asString().contains("no signed checkpoint");
    }

    private void rename() {
        relay.register("systems: [{id: crm, public_name: Customers}]\n");
    }

    private void chained() {
        relay.metaAsksToDelete("1001");
        relay.chainAudit();
        relay.dispatchOnce();
        relay.chainAudit();
        rename();
        relay.chainAudit();
        assertThat(breaks()).isEmpty();
        assertThat(relay.count("SELECT max(number) FROM audit_block")).isEqualTo(3);
    }

    private List<String> breaks() {
        return relay.verifyAudit(List.of()).breaks();
    }

    private String month() {
        return relay.texts("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").getFirst();
    }

    /** As who owns the database could: without the triggers. */
    private void tamper(String sql) {
        TestPostgres.execute(relay.address(), "SET session_replication_role = replica; " + sql);
    }
}
