package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The plans of the statements that run again and again, on a database with a backlog: what they
 * read must depend on what they take, so none may read a large table from end to end.
 */
class PlanIT {

    private static final List<String> LARGE =
            List.of("delivery", "deletion_request", "attempt", "receipt", "legal_hold");

    private static final List<String> OFTEN =
            List.of(
                    "ledger.ClaimSql.LOCK_GATES",
                    "ledger.ClaimSql.CLAIM",
                    "ledger.ClaimSql.HAND_BACK",
                    "ledger.DeliverySql.SCHEDULE",
                    "ledger.ReceiptSql.CLOSE_WITH_FIRST",
                    "ledger.ClosingSql.CLOSE_THESE",
                    "ledger.SweepSql.END_LEASES",
                    "ledger.SweepSql.REMIND",
                    "ledger.SweepSql.TAKE_FROM_FUTURE",
                    "gate.GateSql.OPEN_IDLE",
                    "reading.BacklogSql.BY_SYSTEM",
                    "reading.StatusSql.STATUS",
                    "cases.FinishedSql.UNTOLD");

    private TestRelay relay;

    @BeforeEach
    void fill() {
        var empty =
                new TestRelay()
                        .register(
                                "systems: [{id: crm, name: x, url: \"http://127.0.0.1:1/x\","
                                        + " secrets: [{value:"
                                        + " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]}]\n"
                                        + TestRelay.app(List.of("crm")));
        relay = empty.reopened();
        TestPostgres.execute(
                relay.address(),
                """
                INSERT INTO deletion_request (id, app_id, platform, secret_id, subject_sealed, dated,
                                              repeat_digest, code_digest, requested_at, received_at,
                                              due_at, open_deliveries)
                SELECT uuidv7(), '1234567890', 'facebook', uuidv7(), '\\x00', true,
                       sha256(('r' || n)::bytea), sha256(('c' || n)::bytea), now(), now(),
                       now() + INTERVAL '30 days', 1
                  FROM generate_series(1, 50000) AS n;
                INSERT INTO delivery (id, request_id, system_id, state, next_attempt_at, created_at,
                                      step, outcome, closed_at)
                SELECT uuidv7(), r.id, 'crm',
                       CASE WHEN r.n % 5 = 0 THEN 'awaiting_receipt'
                            WHEN r.n % 5 = 1 THEN 'closed' ELSE 'pending' END,
                       CASE WHEN r.n % 5 <> 1 THEN now() + INTERVAL '1 hour' + r.n * INTERVAL '1 s'
                       END, now(),
                       CASE WHEN r.n % 5 = 2 THEN 1 ELSE 0 END,
                       CASE WHEN r.n % 5 = 1 THEN 'deleted' END,
                       CASE WHEN r.n % 5 = 1 THEN now() END
                  FROM (SELECT id, row_number() OVER () AS n FROM deletion_request) r;
                INSERT INTO legal_hold (request_id, ground, since)
                SELECT request_id, 'legal_claims', now()
                  FROM delivery
                 WHERE state <> 'closed'
                 ORDER BY next_attempt_at DESC
                 LIMIT 20000;
                INSERT INTO receipt (delivery_id, basis, outcome, received_at)
                SELECT id, 'ack', 'deleted', now() FROM delivery WHERE state = 'closed';
                INSERT INTO attempt (delivery_id, number, lease_id, started_at, duration_ms, reply)
                SELECT id, 1, uuidv7(), now(), 1, 'answered' FROM delivery WHERE state = 'closed';
                """);
        TestPostgres.execute(relay.address(), "VACUUM ANALYZE");
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    @Test
    void what_runs_again_and_again_reads_no_large_table_from_end_to_end() throws SQLException {
        var code = relay.metaAsksToDelete("1");
        look("a callback", () -> relay.metaAsksToDelete("2"));
        look("claim, settle and sweep", () -> relay.dispatchOnce());
        TestPostgres.execute(
                relay.address(),
                "UPDATE system_gate SET held_reason = 'unreachable', claimable_at = now()"
                        + " - INTERVAL '1 s'");
        look("a sweep where a hold is over and much waits", () -> relay.ledger().sweep());
        look("erasing and dropping", () -> relay.retention().sweepIfDue());
        look("a status", () -> relay.status(code));
        look("the oldest open request", () -> relay.backlogs().ageOfOldestOpenRequest());
        look("a list of a state", () -> relay.admin("/deliveries?state=pending&limit=20"));
        look("a list", () -> relay.admin("/deliveries?system=crm&state=pending&limit=20"));
    }

    /** As the server plans a statement that it has met often: for no values in particular. */
    @Test
    void no_plan_of_what_runs_again_and_again_reads_a_large_table() throws Exception {
        try (var connection = StatementsIT.connect(relay.address())) {
            for (var constant : OFTEN) {
                assertThat(StatementsIT.plan(connection, "net.cartback.deletion." + constant))
                        .as(constant)
                        .doesNotContainPattern("Seq Scan on (" + String.join("|", LARGE) + ")\\b");
            }
        }
    }

    private void look(String what, Runnable action) throws SQLException {
        relay.close();
        var before = read();
        relay = relay.reopened();
        action.run();
        relay.close();

        var after = read();
        for (var table : LARGE) {
            assertThat(of(after, table).scans())
                    .as("reads of all of " + table + " by " + what)
                    .isEqualTo(of(before, table).scans());
        }
        assertThat(of(after, "delivery").rows() - of(before, "delivery").rows())
                .as("rows of 50 000 that were looked at by " + what)
                .isLessThan(100);
    }

    private record Read(long scans, long rows) {}

    private static Read of(Map<String, Read> read, String table) {
        return Objects.requireNonNull(read.get(table));
    }

    /** What the server has counted; a connection tells at its end at the latest. */
    private Map<String, Read> read() throws SQLException {
        await().atMost(Duration.ofMinutes(2)).until(this::nobodyIsConnected);
        var read = new HashMap<String, Read>();
        try (var connection = TestPostgres.connect(relay.address());
                var statement = connection.createStatement();
                var rows =
                        statement.executeQuery(
                                "SELECT relname, seq_scan, COALESCE(idx_tup_fetch, 0) AS fetched"
                                        + " FROM pg_stat_user_tables")) {
            while (rows.next()) {
                read.put(
                        rows.getString("relname"),
                        new Read(rows.getLong("seq_scan"), rows.getLong("fetched")));
            }
        }
        return read;
    }

    private boolean nobodyIsConnected() throws SQLException {
        try (var connection = TestPostgres.connect(relay.address());
                var statement = connection.createStatement();
                var rows =
                        statement.executeQuery(
                                """
                                SELECT count(*) = 0 FROM pg_stat_activity
                                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                                       AND backend_type = 'client backend'
                                """)) {
            return rows.next() && rows.getBoolean(1);
        }
    }
}
