package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.Closeable;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** The audit trail: what is written down, and that nothing of it can be changed unnoticed. */
class AuditIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String FIRST_HASH = "decode(repeat('00', 32), 'hex')";
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
        assertThat(report.heads()).isEqualTo(1);
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
    void nor_while_one_is_on_its_way_that_began_before_another_was_over() throws SQLException {
        relay.chainAudit();
        try (var first = TestPostgres.connect(relay.address());
                var second = TestPostgres.connect(relay.address());
                var one = first.createStatement();
                var two = second.createStatement()) {
            first.setAutoCommit(false);
            second.setAutoCommit(false);
            one.execute("INSERT INTO meta_app VALUES ('71', 'one', 'facebook', 'live')");
            two.execute("INSERT INTO meta_app VALUES ('72', 'two', 'facebook', 'live')");
            relay.audit().round();
            second.commit();
            for (int i = 0; i < 5; i++) {
                relay.audit().round();
            }
            first.commit();
        }
        relay.chainAudit();

        assertThat(relay.verifyAudit(List.of()).breaks()).isEmpty();
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM audit WHERE event = 'app.added' AND app_id IN"
                                        + " ('71', '72')"))
                .isEqualTo(2);
    }

    @Test
    void a_month_turns_while_others_write_and_nothing_fails() throws Exception {
        // As if the month before were this one: rows go to a partition that was made by hand.
        var before =
                relay.texts("SELECT to_char(now() - INTERVAL '1 month', 'YYYY-MM-01')").getFirst();
        olderMonth(before);
        tamper(
                "SELECT setval('audit_id', audit_first_id('%s') + 10); DELETE FROM audit"
                        .formatted(before));
        var writing = new AtomicBoolean(true);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor();
                Closeable _ = () -> writing.set(false)) {
            var writers = new ArrayList<Future<Integer>>();
            for (int i = 0; i < 6; i++) {
                var app = "9" + i;
                writers.add(
                        executor.submit(
                                () -> {
                                    int written = 0;
                                    while (writing.get()) {
                                        relay.execute(
                                                "INSERT INTO meta_app VALUES ('%s', '%d', 'facebook', 'live') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name || '%d'"
                                                        .formatted(app, written, written));
                                        written++;
                                    }
                                    return written;
                                }));
            }
            await().atMost(Duration.ofMinutes(2))
                    .until(
                            () ->
                                    relay.count("SELECT count(*) FROM meta_app WHERE id LIKE '9_'")
                                            == 6);
            for (int i = 0; i < 20; i++) {
                relay.audit().round();
            }
            writing.set(false);
            int written = 0;
            for (var writer : writers) {
                written += writer.get();
            }
            relay.chainAudit();
            assertThat(relay.count("SELECT count(*) FROM audit WHERE event LIKE 'app.%'"))
                    .isEqualTo(written);
        }
        assertThat(
                        relay.count(
                                "SELECT last_value - audit_first_id(audit_this_month()) FROM"
                                        + " audit_id"))
                .isBetween(1L, 1_000_000L);
        assertThat(relay.verifyAudit(relay.auditHeads()).breaks()).isEmpty();
    }

    @Test
    void many_writers_and_two_replicas_make_one_whole_chain() throws Exception {
        var other = relay.replica();
        // The first round of each makes the months, and waits only 200 ms for the other's lock.
        relay.audit().round();
        other.audit().round();
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
        assertThat(breaks())
                .containsExactly("row " + id + ": inserted after its block was chained");
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
                        + " | block 3 follows block 1: the blocks between them are missing",
                "DELETE FROM audit_block WHERE number = 1 | blocks before block 2 are missing, and"
                        + " no signed checkpoint stands for them",
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
                .startsWith("the chain ends with block " + (last - 1) + ", but a head of ")
                .endsWith("was signed for block " + last + ": the chain's end was cut off");
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
    void whatever_a_proof_says_is_written_down_when_it_is_changed_by_hand() {
        chained();
        relay.metaAsksToDelete("1002");
        relay.chainAudit();
        long before = relay.count("SELECT max(id) FROM audit");
        var open = "(SELECT id FROM delivery WHERE state <> 'closed' LIMIT 1)";
        for (var sql :
                List.of(
                        "UPDATE deletion_request SET due_at = due_at + INTERVAL '1 day' WHERE id ="
                                + " (SELECT min(id::text)::uuid FROM deletion_request)",
                        "UPDATE receipt SET body_digest = sha256('x')",
                        "UPDATE delivery SET created_at = created_at - INTERVAL '1 day' WHERE id ="
                                + open,
                        "INSERT INTO receipt (delivery_id, basis, outcome, received_at) SELECT "
                                + open
                                + ", 'signed', 'deleted', now()",
                        "DELETE FROM receipt WHERE delivery_id = " + open,
                        "INSERT INTO delivery (id, request_id, system_id, state, step, created_at,"
                            + " round, outcome, closed_at) SELECT uuidv7(), request_id, system_id,"
                            + " 'closed', 0, now(), 7, 'deleted', now() FROM delivery LIMIT 1")) {
            relay.execute(sql);
        }
        assertThat(
                        relay.texts(
                                "SELECT concat_ws(' ', event, detail) FROM audit WHERE id > "
                                        + before
                                        + " ORDER BY id"))
                .containsExactly(
                        "request.changed",
                        "receipt.changed deleted",
                        "delivery.changed",
                        "receipt.added deleted",
                        "receipt.dropped",
                        "delivery.added deleted");
        for (var table : List.of("deletion_request SET id", "receipt SET delivery_id")) {
            assertThatThrownBy(() -> relay.execute("UPDATE " + table + " = uuidv7()"))
                    .rootCause()
                    .hasMessageContaining("An id does not change");
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
            statement.execute("CREATE TEMP TABLE forged (id uuid, app_id text, name text)");
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
                            "SELECT setval('audit_id', 1)",
                            "SELECT audit_drop_month(date_trunc('month', now())::date)",
                            "SELECT audit_drop_month(date_trunc('month', now() - INTERVAL '2"
                                    + " years')::date)",
                            "INSERT INTO audit_block VALUES (9000000000000000, 1,"
                                    + " '{9000000000000000}', sha256('x'), decode(repeat('00', 32),"
                                    + " 'hex'), sha256('x'), now())",
                            "INSERT INTO audit_block VALUES (7, 2, '{7}', sha256('x'), sha256('x'),"
                                    + " sha256('x'), now())",
                            fits("{7}", "1", "NULL"),
                            fits("{7}", "NULL", FIRST_HASH),
                            fits("{}", "1", FIRST_HASH),
                            fits("{{7}}", "1", FIRST_HASH),
                            fits("[0:0]={7}", "1", FIRST_HASH),
                            fits("{NULL,7}", "1", FIRST_HASH),
                            fits("{9,7}", "1", FIRST_HASH),
                            "INSERT INTO audit_head VALUES (9000000000000000, 'x', now())",
                            "INSERT INTO audit_checkpoint VALUES (1, 7, sha256('x'), 'x', now())",
                            "CREATE TRIGGER mine AFTER INSERT ON forged FOR EACH ROW EXECUTE"
                                    + " FUNCTION audit_row('operator.record', 'name')",
                            "CREATE TRIGGER mine AFTER DELETE ON forged REFERENCING OLD TABLE AS"
                                    + " old_rows FOR EACH STATEMENT EXECUTE FUNCTION"
                                    + " audit_requests_dropped()")) {
                assertThatThrownBy(() -> statement.execute(sql))
                        .as(sql)
                        .isInstanceOf(SQLException.class)
                        .satisfies(
                                e ->
                                        assertThat(((SQLException) e).getSQLState())
                                                .isIn("42501", "55000", "23514", "23502", "0A000"));
            }
        }
    }

    @Test
    void a_month_cannot_be_begun_before_its_partition_is_there_for_good() throws SQLException {
        var owner = TestPostgres.empty();
        TestPostgres.execute(owner, "CREATE ROLE relay_beginning LOGIN");
        Migrations.migrate(owner, "relay_beginning");
        // As if this month had just come: its partitions are not there yet.
        TestPostgres.execute(
                owner,
                """
                DO $$ BEGIN
                EXECUTE 'DROP TABLE ' || audit_partition('audit', audit_this_month());
                EXECUTE 'DROP TABLE ' || audit_partition('audit_block', audit_this_month());
                EXECUTE format('CREATE TABLE %s PARTITION OF audit FOR VALUES FROM (1) TO (%s)',
                               'audit_month.audit_2000_01', audit_first_id(audit_this_month()));
                PERFORM setval('audit_id', 1);
                END $$
                """);
        try (var connection = TestPostgres.connect(owner, "relay_beginning");
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT audit_prepare_months()");
            assertThat(began(statement)).isFalse();
            statement.execute("SAVEPOINT here");
            assertThat(began(statement)).isFalse();
            connection.rollback();
            assertThat(began(statement)).isFalse();
            connection.commit();
            statement.execute("INSERT INTO meta_app VALUES ('77', 'An app', 'facebook', 'live')");
            connection.commit();
            statement.execute("SELECT audit_prepare_months()");
            connection.commit();
            assertThat(began(statement)).isTrue();
            statement.execute("UPDATE meta_app SET name = 'Another'");
            connection.commit();
        }
    }

    /** A first block for a row with the id 7. */
    private static String fits(String ids, String number, String previousHash) {
        return "INSERT INTO audit_block VALUES (7, %s, '%s', decode(repeat('00', 32 * cardinality("
                        .formatted(number, ids)
                + "'%s'::bigint[])), 'hex'), %s, sha256('x'), now())".formatted(ids, previousHash);
    }

    private static boolean began(Statement statement) throws SQLException {
        try (var row = statement.executeQuery("SELECT audit_begin_month()")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    @Test
    void no_function_that_has_the_owner_s_rights_may_be_called_by_just_anybody() {
        assertThat(
                        relay.texts(
                                """
                                SELECT p.proname FROM pg_proc p
                                 WHERE p.pronamespace = 'public'::regnamespace
                                   AND p.prosecdef
                                   AND EXISTS (SELECT 1
                                                 FROM aclexplode(COALESCE(p.proacl,
                                                          acldefault('f', p.proowner))) AS acl
                                                WHERE acl.grantee = 0)
                                """))
                .isEmpty();
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace ="
                                        + " 'public'::regnamespace"))
                .isGreaterThan(10);
    }

    @Test
    void a_month_that_is_old_is_dropped_behind_a_checkpoint_from_which_verification_starts() {
        oldRows();
        var youngest = relay.auditHeads().getLast();

        relay.clock().advance(Duration.ofHours(2));
        relay.audit().round();

        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'x.y'")).isZero();
        assertThat(
                        relay.texts(
                                "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid ="
                                    + " relnamespace WHERE nspname = 'audit_month' AND relname LIKE"
                                    + " '%2024%'"))
                .isEmpty();
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'request.recorded'"))
                .isEqualTo(1);
        // Everything that was published verifies, the checkpoint among it.
        var all = new ArrayList<>(relay.auditHeads());
        all.add(youngest);
        var report = relay.verifyAudit(all);
        assertThat(report.breaks()).isEmpty();
        assertThat(report.blocks()).isPositive();
        rename();
        relay.chainAudit();
        assertThat(relay.verifyAudit(all).breaks()).isEmpty();

        tamper("UPDATE audit_checkpoint SET jws = jws || 'x'");
        assertThat(breaks()).first().asString().contains("no signed checkpoint");
    }

    @Test
    void by_a_clock_that_may_be_wrong_no_month_is_dropped() throws SQLException {
        oldRows();
        relay.clock().advance(Duration.ofHours(2));
        relay.clockIsTrustedFor(Duration.ofMinutes(59));
        relay.audit().round();

        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'x.y'")).isPositive();
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isZero();
    }

    @Test
    void between_a_checkpoint_and_the_drop_the_chain_is_whole_and_the_drop_is_tried_again()
            throws SQLException {
        oldRows();
        try (var reader = TestPostgres.connect(relay.address());
                var statement = reader.createStatement()) {
            // Whoever reads the trail keeps its partitions there.
            reader.setAutoCommit(false);
            statement.execute("LOCK TABLE audit IN ACCESS SHARE MODE");
            relay.clock().advance(Duration.ofHours(2));
            assertThatThrownBy(() -> relay.audit().round()).isNotNull();
            // A connection that is closed gives up its lock only some time later.
            reader.rollback();
        }
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'x.y'")).isPositive();
        assertThat(breaks()).isEmpty();

        relay.clock().advance(Duration.ofMinutes(2));
        relay.audit().round();
        assertThat(relay.count("SELECT count(*) FROM audit WHERE event = 'x.y'")).isZero();
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isEqualTo(1);
        assertThat(breaks()).isEmpty();
    }

    @Test
    void what_is_not_signed_keeps_nobody_from_signing() {
        chained();
        relay.clock().advance(Duration.ofHours(2));
        relay.execute("INSERT INTO audit_head SELECT number, 'x', now() FROM audit_block");
        relay.execute(
                "INSERT INTO audit_checkpoint SELECT number, last_id, hash, 'x', now() FROM"
                        + " audit_block");
        relay.audit().round();
        assertThat(relay.auditHeads()).hasSize(2);
        assertThat(relay.count("SELECT count(*) FROM audit_head WHERE jws <> 'x'")).isEqualTo(2);
        relay.metaAsksToDelete("1002");
        relay.chainAudit();
        assertThat(relay.count("SELECT count(*) FROM audit_block")).isEqualTo(4);
        assertThat(relay.verifyAudit(relay.auditHeads()).breaks())
                .allSatisfy(each -> assertThat(each).contains("not signed by a key"));
    }

    @Test
    void two_signed_heads_that_do_not_agree_are_found() {
        chained();
        var one = relay.auditHeads().getFirst();
        var other =
                relay.keyring()
                        .signDocument(
                                "audit-head+json",
                                "{\"block\":1,\"hash\":\"00\",\"last_id\":7,\"at\":\"2026-11-01T00:00:00Z\"}");
        assertThat(relay.verifyAudit(List.of(other, one)).breaks())
                .anySatisfy(
                        each -> assertThat(each).startsWith("two signed heads stand for block 1,"));
    }

    @Test
    void what_is_younger_than_a_year_is_kept_whatever_the_relay_s_clock_says() {
        chained();
        relay.clock().advance(Duration.ofDays(4_000));
        relay.audit().round();
        assertThat(relay.count("SELECT count(*) FROM audit_checkpoint")).isZero();
        assertThat(breaks()).isEmpty();
    }

    /** Months that are over for long, chained. */
    private void oldRows() {
        olderMonth("2024-02-01");
        olderMonth("2024-05-01");
        tamper(
                """
                INSERT INTO audit (id, at, actor, event)
                SELECT audit_first_id(month) + n, month + n * INTERVAL '1 hour', 'relay', 'x.y'
                  FROM (VALUES (date '2024-02-01'), (date '2024-05-01')) AS m (month),
                       generate_series(1, 10) AS n
                """);
        relay.audit().round();
        relay.chainAudit();
        relay.metaAsksToDelete("1001");
        relay.chainAudit();
    }

    /** A month that this relay has lived through. */
    private void olderMonth(String first) {
        for (var parent : List.of("audit", "audit_block")) {
            TestPostgres.execute(
                    relay.address(),
                    """
                    DO $$ BEGIN
                    EXECUTE format('CREATE TABLE %%s PARTITION OF %1$s FOR VALUES FROM (%%s) TO (%%s)',
                        audit_partition('%1$s', '%2$s'), audit_first_id('%2$s'),
                        audit_first_id(CAST(date '%2$s' + INTERVAL '1 month' AS date)));
                    END $$
                    """
                            .formatted(parent, first));
        }
    }

    private void rename() {
        relay.register(
                "systems: [{id: crm, timeout: PT60S, public_name: Customers, rate_per_minute:"
                        + " 1000000}]\n");
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

    @Test
    void the_names_of_events_are_those_that_the_schema_writes() {
        var written =
                new TreeSet<>(
                        relay.texts(
                                """
                                WITH audits AS (
                                    SELECT p.proname AS name, p.prosrc AS body, t.tgtype AS type,
                                           string_to_array(
                                               encode(t.tgargs, 'escape'), '\\000') AS given
                                      FROM pg_trigger t
                                      JOIN pg_proc p ON p.oid = t.tgfoid
                                     WHERE p.proname LIKE 'audit\\_%' AND NOT t.tgisinternal
                                )
                                SELECT replace(word[1], '''', '')
                                  FROM audits,
                                       regexp_matches(body, '''[a-z]+\\.[a-z]+''', 'g') AS word
                                UNION
                                SELECT given[1] || verb.name
                                  FROM audits, (VALUES (4, '.added'), (16, '.changed'),
                                                       (8, '.removed')) AS verb (bit, name)
                                 WHERE audits.name = 'audit_row' AND type & bit <> 0
                                UNION
                                SELECT given[1] || verb.name
                                  FROM audits, (VALUES (4, '.added'), (16, '.changed'),
                                                       (8, '.dropped')) AS verb (bit, name)
                                 WHERE audits.name = 'audit_beside_delivery' AND type & bit <> 0
                                UNION
                                SELECT unnest(ARRAY[given[1], given[2]])
                                  FROM audits
                                 WHERE audits.name = 'audit_beside_request'
                                UNION
                                SELECT 'operator.' || replace(verb[1], '''', '')
                                  FROM pg_constraint,
                                       regexp_matches(pg_get_constraintdef(oid), '''[a-z]+''', 'g')
                                       AS verb
                                 WHERE conname = 'operator_action_verb_check'
                                UNION
                                SELECT 'delivery.' || replace(state[1], '''', '')
                                  FROM pg_constraint,
                                       regexp_matches(pg_get_constraintdef(oid), '''[a-z_]+''', 'g')
                                       AS state
                                 WHERE conname = 'delivery_state_check'
                                """));

        assertThat(AuditTrail.EVENTS).containsExactlyElementsOf(written);
    }
}
