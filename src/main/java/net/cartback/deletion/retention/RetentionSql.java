package net.cartback.deletion.retention;

import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * SQL that erases and drops. Each method is one statement. All of it goes by dates alone, so a
 * database that was restored from an old backup is swept again like any other.
 */
final class RetentionSql {

    private static final String UNNAMED_APPS =
            """
            SELECT entry.id
              FROM unnest(:ids) AS entry (id)
             WHERE NOT EXISTS (SELECT 1 FROM deletion_request r WHERE r.app_id = entry.id)
            """;

    private static final String UNNAMED_SYSTEMS =
            """
            SELECT entry.id
              FROM unnest(:ids) AS entry (id)
             WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.system_id = entry.id)
               AND NOT EXISTS (SELECT 1 FROM operator_action o WHERE o.system_id = entry.id)
            """;

    private RetentionSql() {}

    /** What the last sweep has found, and when it began. */
    record Last(Instant startedAt, @Nullable Instant oldestHeld) {}

    /**
     * Whether the ledger shows that the relay ran between: a sweep began, or a request came in. Or
     * there is nothing in it that is older, and so nothing to lose. A request's id tells its time.
     */
    static boolean isTraced(Handle handle, Instant from, Instant to) {
        return handle.createQuery(
                        """
                        SELECT EXISTS (SELECT 1 FROM retention_sweep
                                        WHERE started_at > :from AND started_at <= :to)
                            OR COALESCE((SELECT id FROM deletion_request
                                          WHERE id > :from_id
                                          ORDER BY id LIMIT 1) <= :to_id, false)
                            OR COALESCE((SELECT id FROM deletion_request
                                          ORDER BY id LIMIT 1) > :from_id, true)
                        """)
                .bind("from", from)
                .bind("to", to)
                .bind("from_id", RequestId.floor(from))
                .bind("to_id", RequestId.floor(to))
                .mapTo(Boolean.class)
                .one();
    }

    /**
     * Begins a sweep, unless one has begun since {@code notSince}, or is still running since {@code
     * stalledSince}. One from the future was begun by a clock that was wrong.
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
                                              AND started_at <= :now
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
     * Requests that were closed before and are not erased, locked. A hold may have been placed on
     * one while this statement ran: see {@link #notHeld}.
     */
    static List<UUID> lockErasable(Handle handle, Instant before, int atMost) {
        return handle.createQuery(
                        """
                        SELECT id
                          FROM deletion_request r
                         WHERE closed_at <= :before
                           AND closed_at IS NOT NULL
                           AND subject_sealed IS NOT NULL
                           AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = r.id)
                         ORDER BY closed_at
                         LIMIT :at_most
                           FOR NO KEY UPDATE SKIP LOCKED
                        """)
                .bind("before", before)
                .bind("at_most", atMost)
                .mapTo(UUID.class)
                .list();
    }

    /** Those of these that were closed before, locked. */
    static List<UUID> lockClosed(Handle handle, List<UUID> requests, Instant before) {
        return handle.createQuery(
                        """
                        SELECT id
                          FROM deletion_request
                         WHERE id = ANY (:requests) AND closed_at <= :before
                           FOR NO KEY UPDATE SKIP LOCKED
                        """)
                .bindArray("requests", UUID.class, requests)
                .bind("before", before)
                .mapTo(UUID.class)
                .list();
    }

    /**
     * Those of these that no legal hold is on. Whoever places one locks the request first: so of
     * requests that are locked, what this says holds until the transaction ends.
     */
    static List<UUID> notHeld(Handle handle, List<UUID> locked) {
        return handle.createQuery(
                        """
                        SELECT id
                          FROM unnest(:locked) AS id
                         WHERE NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = id)
                        """)
                .bindArray("locked", UUID.class, locked)
                .mapTo(UUID.class)
                .list();
    }

    /** Erases what is personal of these requests, and of all that belongs to them. */
    static void erase(Handle handle, List<UUID> requests) {
        handle.createUpdate(
                        """
                        WITH part AS MATERIALIZED (
                            SELECT id FROM delivery WHERE request_id = ANY (:requests)
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
                            UPDATE operator_action
                               SET note_sealed = NULL
                             WHERE request_id = ANY (:requests) AND note_sealed IS NOT NULL
                        )
                        UPDATE deletion_request
                           SET subject_sealed = NULL, code_sealed = NULL, repeat_digest = NULL
                         WHERE id = ANY (:requests)
                        """)
                .bindArray("requests", UUID.class, requests)
                .execute();
    }

    /** Something personal that may have come after its request was erased. */
    record Late(Instant at, UUID id, @Nullable UUID request) {}

    /**
     * The next so many receipts whose bodies are there: one stretch of the index, so that what
     * waits for open requests is passed over once.
     *
     * @param after the last of the stretch before; null: from the beginning
     */
    static List<Late> lateBodies(Handle handle, @Nullable Late after, Instant before, int atMost) {
        return late(
                handle,
                """
                SELECT r.received_at AS at, r.delivery_id AS id, d.request_id
                  FROM receipt r
                  JOIN delivery d ON d.id = r.delivery_id
                 WHERE r.received_at <= :before
                   AND r.body_sealed IS NOT NULL
                   AND (r.received_at, r.delivery_id)
                       > (CAST(:at AS timestamptz), CAST(:id AS uuid))
                 ORDER BY r.received_at, r.delivery_id
                 LIMIT :at_most
                """,
                after,
                before,
                atMost);
    }

    /** As {@link #lateBodies}: who and why of what operators did later, or to whole systems. */
    static List<Late> lateNotes(Handle handle, @Nullable Late after, Instant before, int atMost) {
        return late(
                handle,
                """
                SELECT o.at, o.id, COALESCE(o.request_id, d.request_id) AS request_id
                  FROM operator_action o
                  LEFT JOIN delivery d ON d.id = o.delivery_id
                 WHERE o.at <= :before
                   AND o.note_sealed IS NOT NULL
                   AND (o.at, o.id) > (CAST(:at AS timestamptz), CAST(:id AS uuid))
                 ORDER BY o.at, o.id
                 LIMIT :at_most
                """,
                after,
                before,
                atMost);
    }

    private static List<Late> late(
            Handle handle, String sql, @Nullable Late after, Instant before, int atMost) {
        return handle.createQuery(sql)
                .bind("before", before)
                .bind("at", after == null ? Instant.EPOCH : after.at())
                .bind("id", after == null ? new UUID(0, 0) : after.id())
                .bind("at_most", atMost)
                .map(
                        (row, context) ->
                                new Late(
                                        row.getTimestamp("at").toInstant(),
                                        row.getObject("id", UUID.class),
                                        row.getObject("request_id", UUID.class)))
                .list();
    }

    static void eraseBodies(Handle handle, List<UUID> deliveries) {
        handle.createUpdate("UPDATE receipt SET body_sealed = NULL WHERE delivery_id = ANY (:ids)")
                .bindArray("ids", UUID.class, deliveries)
                .execute();
    }

    static void eraseNotes(Handle handle, List<UUID> actions) {
        handle.createUpdate("UPDATE operator_action SET note_sealed = NULL WHERE id = ANY (:ids)")
                .bindArray("ids", UUID.class, actions)
                .execute();
    }

    /**
     * Requests that were closed before and hold nothing personal any more, locked. None of them is
     * held: what is erased cannot be.
     */
    static List<UUID> lockDroppable(Handle handle, Instant before, int atMost) {
        return handle.createQuery(
                        """
                        SELECT id
                          FROM deletion_request
                         WHERE closed_at <= :before
                           AND closed_at IS NOT NULL
                           AND subject_sealed IS NULL
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

    /**
     * Those of these apps, or systems, that no request, delivery or action of an operator names.
     */
    static List<String> unnamed(Handle handle, Kind kind, List<String> ids) {
        return handle.createQuery(kind == Kind.APP ? UNNAMED_APPS : UNNAMED_SYSTEMS)
                .bindArray("ids", String.class, ids)
                .mapTo(String.class)
                .list();
    }

    /** Drops what the ledger keeps for sending to these systems. */
    static void dropStateOfSystems(Handle handle, List<String> systems) {
        handle.createUpdate(
                        """
                        WITH backfills AS (
                            DELETE FROM backfill WHERE system_id = ANY (:systems)
                        ), health AS (
                            DELETE FROM system_health WHERE system_id = ANY (:systems)
                        ), tests AS (
                            DELETE FROM test_delivery WHERE system_id = ANY (:systems)
                        )
                        DELETE FROM system_gate WHERE system_id = ANY (:systems)
                        """)
                .bindArray("systems", String.class, systems)
                .execute();
    }

    static void dropBackfillsOfApps(Handle handle, List<String> apps) {
        handle.createUpdate("DELETE FROM backfill WHERE app_id = ANY (:apps)")
                .bindArray("apps", String.class, apps)
                .execute();
    }

    /** Drops what was written down of sweeps before this. */
    static void dropSweeps(Handle handle, Instant before) {
        handle.createUpdate("DELETE FROM retention_sweep WHERE started_at <= :before")
                .bind("before", before)
                .execute();
    }

    /**
     * From when the oldest is that is personal and belongs to what is closed, and that no legal
     * hold keeps; empty: nothing.
     */
    static Optional<Instant> oldestHeld(Handle handle) {
        return Optional.ofNullable(
                handle.createQuery(
                                """
                                SELECT LEAST(
                                       (SELECT min(r.received_at)
                                          FROM deletion_request r
                                         WHERE r.closed_at IS NOT NULL
                                           AND r.subject_sealed IS NOT NULL
                                           AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                            WHERE h.request_id = r.id)),
                                       (SELECT r.received_at
                                          FROM receipt r
                                          JOIN delivery d ON d.id = r.delivery_id
                                         WHERE r.body_sealed IS NOT NULL
                                           AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                            WHERE h.request_id = d.request_id)
                                         ORDER BY r.received_at
                                         LIMIT 1),
                                       (SELECT o.at
                                          FROM operator_action o
                                          LEFT JOIN delivery d ON d.id = o.delivery_id
                                         WHERE o.note_sealed IS NOT NULL
                                           AND NOT EXISTS (
                                               SELECT 1 FROM legal_hold h
                                                WHERE h.request_id
                                                      = COALESCE(o.request_id, d.request_id))
                                         ORDER BY o.at
                                         LIMIT 1)) AS oldest
                                """)
                        .map((row, context) -> Columns.instant(row, "oldest"))
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

    /** A sweep that failed has not been: the next round begins another. */
    static void giveUp(Handle handle, UUID sweep) {
        handle.createUpdate("DELETE FROM retention_sweep WHERE id = :sweep AND ended_at IS NULL")
                .bind("sweep", sweep)
                .execute();
    }

    /** The last sweep that has ended. */
    static Optional<Last> last(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT started_at, oldest_held
                          FROM retention_sweep
                         WHERE ended_at IS NOT NULL AND started_at <= :now
                         ORDER BY started_at DESC
                         LIMIT 1
                        """)
                .bind("now", now)
                .map(
                        (row, context) ->
                                new Last(
                                        row.getTimestamp("started_at").toInstant(),
                                        Columns.instant(row, "oldest_held")))
                .findOne();
    }
}
