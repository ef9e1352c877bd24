package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * SQL that erases and drops. Each method is one statement. All of it goes by dates alone, so a
 * database that was restored from an old backup is swept again like any other.
 */
final class RetentionSql {

    private RetentionSql() {}

    /** What the last sweep has found, and when it began. */
    record Last(Instant startedAt, @Nullable Instant oldestHeld) {}

    /** Where a stretch of rows ends that are walked by a date and an id. */
    record Stretch(Instant at, UUID id) {}

    /**
     * Begins a sweep, unless one has begun since {@code notSince}, or is still running since {@code
     * stalledSince}.
     *
     * @return its id; empty if it is not time yet
     */
    static Optional<UUID> begin(
            Handle handle, Instant notSince, Instant stalledSince, Instant now) {
        return handle.createQuery(
                        """
                        INSERT INTO retention_sweep (started_at)
                        SELECT :now
                         WHERE NOT EXISTS (SELECT 1 FROM retention_sweep
                                            WHERE started_at > :not_since
                                              AND (ended_at IS NOT NULL
                                                   OR started_at > :stalled_since))
                        RETURNING id
                        """)
                .bind("now", now)
                .bind("not_since", notSince)
                .bind("stalled_since", stalledSince)
                .mapTo(UUID.class)
                .findOne();
    }

    /**
     * Erases what is personal of requests that were closed before, and of all that belongs to them.
     *
     * @return how many requests that were
     */
    static int eraseRequests(Handle handle, Instant before, int atMost) {
        return handle.createUpdate(
                        """
                        WITH due AS MATERIALIZED (
                            SELECT id
                              FROM deletion_request r
                             WHERE closed_at <= :before
                               AND closed_at IS NOT NULL
                               AND subject_sealed IS NOT NULL
                               AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = r.id)
                             ORDER BY closed_at
                             LIMIT :at_most
                               FOR NO KEY UPDATE SKIP LOCKED
                        ), part AS MATERIALIZED (
                            SELECT d.id FROM due JOIN delivery d ON d.request_id = due.id
                        ), answers AS (
                            UPDATE attempt a
                               SET answer_sealed = NULL
                              FROM part
                             WHERE a.delivery_id = part.id AND a.answer_sealed IS NOT NULL
                        ), bodies AS (
                            UPDATE receipt b
                               SET body_sealed = NULL
                              FROM part
                             WHERE b.delivery_id = part.id AND b.body_sealed IS NOT NULL
                        ), notes AS (
                            UPDATE operator_action o
                               SET note_sealed = NULL
                              FROM part
                             WHERE o.delivery_id = part.id AND o.note_sealed IS NOT NULL
                        ), notes_on_request AS (
                            UPDATE operator_action o
                               SET note_sealed = NULL
                              FROM due
                             WHERE o.request_id = due.id AND o.note_sealed IS NOT NULL
                        )
                        UPDATE deletion_request r
                           SET subject_sealed = NULL, code_sealed = NULL, repeat_digest = NULL
                          FROM due
                         WHERE r.id = due.id
                        """)
                .bind("before", before)
                .bind("at_most", atMost)
                .execute();
    }

    /**
     * Erases, of the next so many receipts, the bodies of those that came after their request was
     * erased: one stretch of the index, so that what waits for open requests is passed over once.
     *
     * @param after where the last stretch ended; null: from the beginning
     * @return where this one has ended; empty if nothing follows
     */
    static Optional<Stretch> eraseLateBodies(
            Handle handle, @Nullable Stretch after, Instant before, int atMost) {
        return handle.createQuery(
                        """
                        WITH stretch AS MATERIALIZED (
                            SELECT delivery_id, received_at
                              FROM receipt
                             WHERE received_at <= :before
                               AND body_sealed IS NOT NULL
                               AND (received_at, delivery_id)
                                   > (CAST(:at AS timestamptz), CAST(:id AS uuid))
                             ORDER BY received_at, delivery_id
                             LIMIT :at_most
                        ), erased AS (
                            UPDATE receipt r
                               SET body_sealed = NULL
                              FROM stretch
                              JOIN delivery d ON d.id = stretch.delivery_id
                              JOIN deletion_request q ON q.id = d.request_id
                             WHERE r.delivery_id = stretch.delivery_id
                               AND q.closed_at <= :before
                               AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = q.id)
                        )
                        SELECT received_at AS at, delivery_id AS id
                          FROM stretch
                         ORDER BY received_at DESC, delivery_id DESC
                         LIMIT 1
                        """)
                .bind("before", before)
                .bind("at", after == null ? Instant.EPOCH : after.at())
                .bind("id", after == null ? new UUID(0, 0) : after.id())
                .bind("at_most", atMost)
                .map((row, context) -> stretch(row))
                .findOne();
    }

    /**
     * As {@link #eraseLateBodies}: who and why of what operators did later, or to whole systems.
     */
    static Optional<Stretch> eraseLateNotes(
            Handle handle, @Nullable Stretch after, Instant before, int atMost) {
        return handle.createQuery(
                        """
                        WITH stretch AS MATERIALIZED (
                            SELECT id, at, delivery_id, request_id
                              FROM operator_action
                             WHERE at <= :before
                               AND note_sealed IS NOT NULL
                               AND (at, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid))
                             ORDER BY at, id
                             LIMIT :at_most
                        ), erased AS (
                            UPDATE operator_action o
                               SET note_sealed = NULL
                              FROM stretch
                              LEFT JOIN delivery d ON d.id = stretch.delivery_id
                              LEFT JOIN deletion_request q
                                ON q.id = COALESCE(stretch.request_id, d.request_id)
                             WHERE o.id = stretch.id
                               AND (COALESCE(stretch.delivery_id, stretch.request_id) IS NULL
                                    OR q.closed_at <= :before)
                               AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = q.id)
                        )
                        SELECT at, id FROM stretch ORDER BY at DESC, id DESC LIMIT 1
                        """)
                .bind("before", before)
                .bind("at", after == null ? Instant.EPOCH : after.at())
                .bind("id", after == null ? new UUID(0, 0) : after.id())
                .bind("at_most", atMost)
                .map((row, context) -> stretch(row))
                .findOne();
    }

    private static Stretch stretch(ResultSet row) throws SQLException {
        return new Stretch(row.getTimestamp("at").toInstant(), row.getObject("id", UUID.class));
    }

    /** Requests that were closed before and hold nothing personal any more, locked. */
    static List<UUID> lockDroppable(Handle handle, Instant before, int atMost) {
        return handle.createQuery(
                        """
                        SELECT id
                          FROM deletion_request r
                         WHERE closed_at <= :before
                           AND closed_at IS NOT NULL
                           AND subject_sealed IS NULL
                           AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = r.id)
                         ORDER BY closed_at
                         LIMIT :at_most
                           FOR UPDATE SKIP LOCKED
                        """)
                .bind("before", before)
                .bind("at_most", atMost)
                .mapTo(UUID.class)
                .list();
    }

    /** Drops these requests with everything that belongs to them. */
    static void drop(Handle handle, List<UUID> requests) {
        handle.createUpdate(
                        """
                        WITH part AS MATERIALIZED (
                            SELECT id FROM delivery WHERE request_id = ANY (:requests)
                        ), contradictions AS (
                            DELETE FROM contradiction WHERE delivery_id IN (SELECT id FROM part)
                        ), amendments AS (
                            DELETE FROM amendment WHERE delivery_id IN (SELECT id FROM part)
                        ), actions AS (
                            DELETE FROM operator_action
                             WHERE delivery_id IN (SELECT id FROM part)
                                OR request_id = ANY (:requests)
                        ), extensions AS (
                            DELETE FROM extension WHERE request_id = ANY (:requests)
                        ), receipts AS (
                            DELETE FROM receipt WHERE delivery_id IN (SELECT id FROM part)
                        ), attempts AS (
                            DELETE FROM attempt WHERE delivery_id IN (SELECT id FROM part)
                        ), deliveries AS (
                            DELETE FROM delivery WHERE id IN (SELECT id FROM part)
                        )
                        DELETE FROM deletion_request WHERE id = ANY (:requests)
                        """)
                .bindArray("requests", UUID.class, requests)
                .execute();
    }

    /** Drops what operators did to whole systems before this. */
    static void dropActions(Handle handle, Instant before) {
        handle.createUpdate(
                        """
                        DELETE FROM operator_action
                         WHERE at <= :before AND delivery_id IS NULL AND request_id IS NULL
                        """)
                .bind("before", before)
                .execute();
    }

    /** Drops test deliveries that were asked for before this. */
    static void dropTests(Handle handle, Instant before) {
        handle.createUpdate("DELETE FROM test_delivery WHERE requested_at <= :before")
                .bind("before", before)
                .execute();
    }

    /** Drops what was written down of sweeps before this. */
    static void dropSweeps(Handle handle, Instant before) {
        handle.createUpdate("DELETE FROM retention_sweep WHERE started_at <= :before")
                .bind("before", before)
                .execute();
    }

    /** From when the oldest is that is personal and belongs to what is closed; empty: nothing. */
    static Optional<Instant> oldestHeld(Handle handle) {
        return Optional.ofNullable(
                handle.createQuery(
                                """
                                SELECT LEAST(
                                       (SELECT min(received_at)
                                          FROM deletion_request
                                         WHERE closed_at IS NOT NULL AND subject_sealed IS NOT NULL),
                                       (SELECT min(received_at)
                                          FROM receipt
                                         WHERE body_sealed IS NOT NULL),
                                       (SELECT min(at)
                                          FROM operator_action
                                         WHERE note_sealed IS NOT NULL)) AS oldest
                                """)
                        .map((row, context) -> LedgerSql.instant(row, "oldest"))
                        .one());
    }

    static void end(
            Handle handle,
            UUID sweep,
            int erased,
            int dropped,
            @Nullable Instant oldestHeld,
            Instant now) {
        handle.createUpdate(
                        """
                        UPDATE retention_sweep
                           SET ended_at = :now, erased = :erased, dropped = :dropped,
                               oldest_held = :oldest
                         WHERE id = :sweep
                        """)
                .bind("sweep", sweep)
                .bind("erased", erased)
                .bind("dropped", dropped)
                .bind("oldest", oldestHeld)
                .bind("now", now)
                .execute();
    }

    /** The last sweep that has ended. */
    static Optional<Last> last(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT started_at, oldest_held
                          FROM retention_sweep
                         WHERE ended_at IS NOT NULL
                         ORDER BY started_at DESC
                         LIMIT 1
                        """)
                .map(
                        (row, context) ->
                                new Last(
                                        row.getTimestamp("started_at").toInstant(),
                                        LedgerSql.instant(row, "oldest_held")))
                .findOne();
    }
}
