package net.cartback.deletion.ledger;

import net.cartback.deletion.registry.ClientSystemId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** SQL that measures what is not closed yet. Each method is one statement. */
final class BacklogSql {

    /** Counted to here and no further: measuring must not read ten million rows. */
    private static final int COUNT_LIMIT = 100_000;

    private BacklogSql() {}

    /**
     * Each count reads one partial index, and only so many entries of it.
     *
     * @param only this system; null: all of them, but for those that are retired and have nothing
     *     open
     */
    static List<Backlog> bySystem(Handle handle, @Nullable ClientSystemId only, Instant now) {
        return handle.createQuery(
                        """
                        WITH measured AS (
                        SELECT c.id, c.name, c.state,
                               (SELECT count(*)
                                  FROM (SELECT 1 FROM delivery d
                                         WHERE d.system_id = c.id AND d.state = 'pending'
                                           AND d.lease_id IS NULL AND d.step = 0
                                         LIMIT :limit) AS counted)
                             + (SELECT count(*)
                                  FROM (SELECT 1 FROM delivery d
                                         WHERE d.system_id = c.id AND d.state = 'pending'
                                           AND d.lease_id IS NULL AND d.step > 0
                                         LIMIT :limit) AS counted)
                             + (SELECT count(*) FROM delivery d
                                 WHERE d.system_id = c.id AND d.lease_id IS NOT NULL) AS pending,
                               (SELECT count(*)
                                  FROM (SELECT 1 FROM delivery d
                                         WHERE d.system_id = c.id AND d.state = 'awaiting_receipt'
                                         LIMIT :limit) AS counted) AS awaiting,
                               (SELECT count(*)
                                  FROM (SELECT 1 FROM delivery d
                                         WHERE d.system_id = c.id AND d.state = 'awaiting_receipt'
                                           AND d.reminders > 0
                                         LIMIT :limit) AS counted) AS silent,
                               (SELECT count(*)
                                  FROM (SELECT 1 FROM delivery d
                                         WHERE d.system_id = c.id AND d.state = 'parked'
                                         LIMIT :limit) AS counted) AS parked,
                               LEAST(:now,
                                     (SELECT d.next_attempt_at FROM delivery d
                                       WHERE d.system_id = c.id AND d.state = 'pending'
                                         AND d.lease_id IS NULL AND d.step = 0
                                         AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                          WHERE h.request_id = d.request_id)
                                       ORDER BY d.next_attempt_at
                                       LIMIT 1),
                                     (SELECT d.next_attempt_at FROM delivery d
                                       WHERE d.system_id = c.id AND d.state = 'pending'
                                         AND d.lease_id IS NULL AND d.step > 0
                                         AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                          WHERE h.request_id = d.request_id)
                                       ORDER BY d.next_attempt_at
                                       LIMIT 1)) AS due_since,
                               g.held_reason,
                               CASE WHEN g.held_reason IS NOT NULL
                                     AND isfinite(g.claimable_at)
                                    THEN g.claimable_at END AS held_until
                          FROM client_system c
                          LEFT JOIN system_gate g ON g.system_id = c.id
                         WHERE CAST(:only AS text) IS NULL OR c.id = :only
                        )
                        SELECT *
                          FROM measured
                         WHERE id = :only OR state = 'live' OR pending + awaiting + parked > 0
                         ORDER BY id
                        """)
                .bind("only", only == null ? null : only.value())
                .bind("limit", COUNT_LIMIT)
                .bind("now", now)
                .map(
                        (row, context) ->
                                new Backlog(
                                        new ClientSystemId(row.getString("id")),
                                        row.getString("name"),
                                        row.getLong("pending"),
                                        row.getLong("awaiting"),
                                        row.getLong("silent"),
                                        row.getLong("parked"),
                                        Duration.between(
                                                row.getTimestamp("due_since").toInstant(), now),
                                        row.getString("held_reason"),
                                        LedgerSql.instant(row, "held_until")))
                .list();
    }
}
