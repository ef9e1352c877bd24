package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.ledger.DueMarks;

import org.junit.jupiter.api.Test;

import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;

/** What a claim reads while a transaction that is open for long lets nobody remove what is dead. */
class ClaimCostIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int DELIVERIES = 5_000;

    @Test
    void a_claim_does_not_walk_over_what_was_claimed_before() throws SQLException {
        var relay = new TestRelay();
        try (var crm = new FakeClientSystem("crm");
                var old = TestPostgres.connect(relay.address());
                var snapshot = old.createStatement()) {
            relay.register(crm);
            // Statistics that are gathered meanwhile read all of it, too.
            relay.execute("ALTER TABLE delivery SET (autovacuum_enabled = false)");
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            old.setAutoCommit(false);
            snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            snapshot.execute("SELECT count(*) FROM delivery");
            fill(relay);
            // Of ticks that stand still: it walks over everything once, however long this takes.
            var marks = new DueMarks(() -> 0);
            finish(relay, marks);
            relay.close();

            long onward = blocksOf(relay, marks);
            long everywhere = blocksOf(relay, new DueMarks(System::nanoTime));

            assertThat(onward * 5).as("blocks, against " + everywhere).isLessThan(everywhere);
        } finally {
            relay.close();
        }
    }

    /** One delivery each tenth of a second, all due. */
    private static void fill(TestRelay relay) {
        relay.execute(
                """
                WITH request AS (
                    INSERT INTO deletion_request
                           (id, app_id, platform, secret_id, dated, subject_sealed, code_digest,
                            requested_at, received_at, due_at, open_deliveries)
                    SELECT uuidv7(), app_id, platform, secret_id, true, subject_sealed,
                           sha256(n::text::bytea), requested_at, received_at, due_at, 1
                      FROM deletion_request, generate_series(1, %1$d) AS n
                    RETURNING id, received_at)
                INSERT INTO delivery (id, request_id, system_id, state, next_attempt_at, created_at)
                SELECT uuidv7(), id, 'crm', 'pending',
                       received_at - row_number() OVER () * INTERVAL '100 ms', received_at
                  FROM request
                """
                        .formatted(DELIVERIES));
    }

    /** Claims and closes all. */
    private static void finish(TestRelay relay, DueMarks marks) {
        while (claim(relay, marks) > 0) {
            relay.execute(
                    """
                    UPDATE delivery
                       SET state = 'closed', outcome = 'deleted', closed_at = created_at,
                           lease_id = NULL, next_attempt_at = NULL
                     WHERE lease_id IS NOT NULL
                    """);
        }
    }

    private static int claim(TestRelay relay, DueMarks marks) {
        return relay.ledger()
                .claim(500, system -> 500, UUID.randomUUID(), marks)
                .deliveries()
                .size();
    }

    /** What a claim reads of the deliveries. */
    private static long blocksOf(TestRelay relay, DueMarks marks) {
        long before = blocks(relay);
        try (var again = relay.reopened()) {
            assertThat(claim(again, marks)).isZero();
        }
        return blocks(relay) - before;
    }

    /** What a connection has read is counted when it ends, at the latest. */
    private static long blocks(TestRelay relay) {
        await().atMost(PATIENCE)
                .until(
                        () ->
                                number(
                                                relay,
                                                "SELECT count(*) FROM pg_stat_activity WHERE"
                                                        + " datname = current_database() AND"
                                                        + " application_name = 'deletion-relay'")
                                        == 0);
        return number(
                relay,
                "SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read"
                        + " FROM pg_statio_user_tables WHERE relname = 'delivery'");
    }

    private static long number(TestRelay relay, String sql) {
        try (var connection = TestPostgres.connect(relay.address());
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
