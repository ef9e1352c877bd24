package net.cartback.deletion.reading;

import net.cartback.deletion.gate.HoldReason;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.ClientSystemId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** SQL that measures what is not closed yet. */
public final class BacklogSql {

    private static final String BY_SYSTEM =
            """
            WITH measured AS (
            SELECT c.id, c.name, c.state,
                   (SELECT count(*)
                      FROM (SELECT 1 FROM fresh_delivery d
                             WHERE d.system_id = c.id
                             LIMIT :limit) AS counted)
                 + (SELECT count(*)
                      FROM (SELECT 1 FROM retry_delivery d
                             WHERE d.system_id = c.id
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
                         (SELECT d.next_attempt_at FROM fresh_delivery d
                           WHERE d.system_id = c.id AND NOT d.held
                           ORDER BY d.next_attempt_at
                           LIMIT 1),
                         (SELECT d.next_attempt_at FROM retry_delivery d
                           WHERE d.system_id = c.id AND NOT d.held
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
            """;

    private static final String OLDEST_OPEN =
            """
            SELECT LEAST(
                   -- They are recorded as they come in, so the first has the least id.
                   (SELECT min(oldest.received_at)
                      FROM meta_app a
                     CROSS JOIN LATERAL (SELECT r.received_at
                                           FROM deletion_request r
                                          WHERE r.app_id = a.id AND r.closed_at IS NULL
                                            AND r.kind = 'deletion'
                                            AND <which>
                                          ORDER BY r.id
                                          LIMIT 1) oldest),
                   -- An old letter may be recorded today.
                   (SELECT min(<since>)
                      FROM deletion_request r
                     WHERE r.closed_at IS NULL AND r.kind = 'person' AND <which>))
            """;

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
        return handle.createQuery(BY_SYSTEM)
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
                                        HoldReason.ofColumn(row.getString("held_reason")),
                                        Columns.instant(row, "held_until")))
                .list();
    }

    /** When the oldest request that is still open came in; empty if none is. */
    static Optional<Instant> oldestOpen(Handle handle) {
        return oldestOpen(handle, "true", "r.received_at");
    }

    /**
     * Since when the relay has had the oldest one that no legal hold is on: it may have reached the
     * agency long before.
     */
    public static Optional<Instant> oldestOpenNotHeld(Handle handle) {
        return oldestOpen(
                handle,
                "NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = r.id)",
                "uuid_extract_timestamp(r.id)");
    }

    private static Optional<Instant> oldestOpen(Handle handle, String which, String since) {
        return handle.createQuery(OLDEST_OPEN)
                .define("which", which)
                .define("since", since)
                .mapTo(Instant.class)
                .findOne();
    }
}
