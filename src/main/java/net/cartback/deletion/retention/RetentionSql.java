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
 * SQL that erases and drops. All of it goes by dates alone, so a database that was restored from an
 * old backup is swept again like any other.
 */
final class RetentionSql {

    private static final String IS_TRACED =
            """
            SELECT EXISTS (SELECT 1 FROM retention_sweep
                            WHERE started_at > :from AND started_at <= :to)
                OR COALESCE((SELECT id FROM deletion_request
                              WHERE id > :from_id
                              ORDER BY id LIMIT 1) <= :to_id, false)
                OR COALESCE((SELECT id FROM deletion_request
                              ORDER BY id LIMIT 1) > :from_id, true)
            """;

    private static final String BEGIN =
            """
            INSERT INTO retention_sweep (started_at)
            SELECT :now
             WHERE NOT EXISTS (SELECT 1 FROM retention_sweep
                                WHERE started_at > :not_since
                                  AND started_at <= :now
                                  AND (ended_at IS NOT NULL
                                       OR started_at > :stalled_since))
            RETURNING id
            """;

    private static final String LOCK_ERASABLE =
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
            """;

    private static final String LOCK_CLOSED =
            """
            SELECT id
              FROM deletion_request
             WHERE id = ANY (:requests) AND closed_at <= :before
               FOR NO KEY UPDATE SKIP LOCKED
            """;

    private static final String NOT_HELD =
            """
            SELECT id
              FROM unnest(:locked) AS id
             WHERE NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = id)
            """;

    private static final String ERASE =
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
            ), contacts AS (
                -- With the last of a case's requests.
                UPDATE person_case c
                   SET contact_sealed = NULL, language = NULL
                 WHERE c.contact_sealed IS NOT NULL
                   AND c.id IN (SELECT o.case_id FROM case_request o
                                 WHERE o.request_id = ANY (:requests))
                   AND NOT EXISTS (SELECT 1
                                     FROM case_request o
                                     JOIN deletion_request r ON r.id = o.request_id
                                    WHERE o.case_id = c.id
                                      AND r.id <> ALL (:requests)
                                      AND r.subject_sealed IS NOT NULL)
            )
            UPDATE deletion_request
               SET subject_sealed = NULL, code_sealed = NULL, repeat_digest = NULL
             WHERE id = ANY (:requests)
            """;

    private static final String ERASE_BODIES =
            "UPDATE receipt SET body_sealed = NULL WHERE delivery_id = ANY (:ids)";

    private static final String ERASE_NOTES =
            "UPDATE operator_action SET note_sealed = NULL WHERE id = ANY (:ids)";

    private static final String LOCK_DROPPABLE =
            """
            SELECT id
              FROM deletion_request
             WHERE closed_at <= :before
               AND closed_at IS NOT NULL
               AND subject_sealed IS NULL
             ORDER BY closed_at
             LIMIT :at_most
               FOR UPDATE SKIP LOCKED
            """;

    private static final String DROP =
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
            ), of_cases AS (
                DELETE FROM case_request WHERE request_id = ANY (:requests)
            ), receipts AS (
                DELETE FROM receipt WHERE delivery_id IN (SELECT id FROM part)
            ), attempts AS (
                DELETE FROM attempt WHERE delivery_id IN (SELECT id FROM part)
            ), deliveries AS (
                DELETE FROM delivery WHERE id IN (SELECT id FROM part)
            )
            DELETE FROM deletion_request WHERE id = ANY (:requests)
            """;

    private static final String DROP_ACTIONS =
            """
            DELETE FROM operator_action
             WHERE at <= :before AND delivery_id IS NULL AND request_id IS NULL
            """;

    /** A case is entered together with its requests. */
    private static final String DROP_CASES =
            """
            WITH mails AS (
                DELETE FROM mail m
                 WHERE NOT EXISTS (SELECT 1 FROM case_request o
                                    WHERE o.case_id = m.case_id
                                      AND (m.request_id IS NULL OR o.request_id = m.request_id))
            )
            DELETE FROM person_case c
             WHERE NOT EXISTS (SELECT 1 FROM case_request o WHERE o.case_id = c.id)
            """;

    /** Where it was set while the last of the case's requests was erased. */
    private static final String ERASE_CONTACTS =
            """
            UPDATE person_case c
               SET contact_sealed = NULL, language = NULL
             WHERE c.contact_sealed IS NOT NULL
               AND NOT EXISTS (SELECT 1
                                 FROM case_request o
                                 JOIN deletion_request r ON r.id = o.request_id
                                WHERE o.case_id = c.id AND r.subject_sealed IS NOT NULL)
            """;

    private static final String DROP_TESTS =
            "DELETE FROM test_delivery WHERE requested_at <= :before";

    private static final String DROP_STATE_OF_SYSTEMS =
            """
            WITH backfills AS (
                DELETE FROM backfill WHERE system_id = ANY (:systems)
            ), health AS (
                DELETE FROM system_health WHERE system_id = ANY (:systems)
            ), tests AS (
                DELETE FROM test_delivery WHERE system_id = ANY (:systems)
            )
            DELETE FROM system_gate WHERE system_id = ANY (:systems)
            """;

    private static final String DROP_BACKFILLS_OF_APPS =
            "DELETE FROM backfill WHERE app_id = ANY (:apps)";

    private static final String DROP_SWEEPS =
            "DELETE FROM retention_sweep WHERE started_at <= :before";

    private static final String OLDEST_HELD =
            """
            SELECT LEAST(
                   -- A letter may have come long before it was entered.
                   (SELECT min(CASE WHEN r.kind = 'person' THEN uuid_extract_timestamp(r.id)
                                    ELSE r.received_at END)
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
            """;

    private static final String END =
            """
            UPDATE retention_sweep
               SET ended_at = :now, erased = :erased, dropped = :dropped,
                   oldest_held = :oldest
             WHERE id = :sweep
            """;

    private static final String GIVE_UP =
            "DELETE FROM retention_sweep WHERE id = :sweep AND ended_at IS NULL";

    private static final String LAST =
            """
            SELECT started_at, oldest_held
              FROM retention_sweep
             WHERE ended_at IS NOT NULL AND started_at <= :now
             ORDER BY started_at DESC
             LIMIT 1
            """;

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
    record LastSweep(Instant startedAt, @Nullable Instant oldestHeld) {}

    /**
     * Whether the ledger shows that the relay ran between these times: a sweep began, or a request
     * came in. Also true if the ledger holds nothing older, so that there is nothing to lose. A
     * request's id holds its time.
     */
    static boolean isTraced(Handle handle, Instant from, Instant to) {
        return handle.createQuery(IS_TRACED)
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
        return handle.createQuery(BEGIN)
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
        return handle.createQuery(LOCK_ERASABLE)
                .bind("before", before)
                .bind("at_most", atMost)
                .mapTo(UUID.class)
                .list();
    }

    /** Those of these that were closed before, locked. */
    static List<UUID> lockClosed(Handle handle, List<UUID> requests, Instant before) {
        return handle.createQuery(LOCK_CLOSED)
                .bindArray("requests", UUID.class, requests)
                .bind("before", before)
                .mapTo(UUID.class)
                .list();
    }

    /**
     * Those of these requests that are not under a legal hold. Placing a hold locks the request
     * first, so for locked requests this result stays true until the transaction ends.
     */
    static List<UUID> notHeld(Handle handle, List<UUID> locked) {
        return handle.createQuery(NOT_HELD)
                .bindArray("locked", UUID.class, locked)
                .mapTo(UUID.class)
                .list();
    }

    /** Erases what is personal of these requests, and of all that belongs to them. */
    static void erase(Handle handle, List<UUID> requests) {
        handle.createUpdate(ERASE).bindArray("requests", UUID.class, requests).execute();
    }

    /** Something personal that may have come after its request was erased. */
    record ExpiredRow(Instant at, UUID id, @Nullable UUID request) {}

    /**
     * The next so many receipts whose bodies are there: one stretch of the index, so that what
     * waits for open requests is passed over once.
     *
     * @param after the last of the stretch before; null: from the beginning
     */
    static List<ExpiredRow> lateBodies(
            Handle handle, @Nullable ExpiredRow after, Instant before, int atMost) {
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

    /**
     * Like {@link #lateBodies}, for the notes of actions that operators took later, or on whole
     * systems.
     */
    static List<ExpiredRow> lateNotes(
            Handle handle, @Nullable ExpiredRow after, Instant before, int atMost) {
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

    private static List<ExpiredRow> late(
            Handle handle, String sql, @Nullable ExpiredRow after, Instant before, int atMost) {
        return handle.createQuery(sql)
                .bind("before", before)
                .bind("at", after == null ? Instant.EPOCH : after.at())
                .bind("id", after == null ? new UUID(0, 0) : after.id())
                .bind("at_most", atMost)
                .map(
                        (row, context) ->
                                new ExpiredRow(
                                        row.getTimestamp("at").toInstant(),
                                        row.getObject("id", UUID.class),
                                        row.getObject("request_id", UUID.class)))
                .list();
    }

    static void eraseBodies(Handle handle, List<UUID> deliveries) {
        handle.createUpdate(ERASE_BODIES).bindArray("ids", UUID.class, deliveries).execute();
    }

    static void eraseNotes(Handle handle, List<UUID> actions) {
        handle.createUpdate(ERASE_NOTES).bindArray("ids", UUID.class, actions).execute();
    }

    /**
     * Requests that were closed before and hold nothing personal any more, locked. None of them is
     * held: what is erased cannot be.
     */
    static List<UUID> lockDroppable(Handle handle, Instant before, int atMost) {
        return handle.createQuery(LOCK_DROPPABLE)
                .bind("before", before)
                .bind("at_most", atMost)
                .mapTo(UUID.class)
                .list();
    }

    /** Drops these requests with everything that belongs to them. */
    static void drop(Handle handle, List<UUID> requests) {
        handle.createUpdate(DROP).bindArray("requests", UUID.class, requests).execute();
    }

    /** Drops what operators did to whole systems before this. */
    static void dropActions(Handle handle, Instant before) {
        handle.createUpdate(DROP_ACTIONS).bind("before", before).execute();
    }

    /** Drops cases of which no request is left, and their mails. */
    static void dropCases(Handle handle) {
        handle.createUpdate(ERASE_CONTACTS).execute();
        handle.createUpdate(DROP_CASES).execute();
    }

    /** Drops test deliveries that were asked for before this. */
    static void dropTests(Handle handle, Instant before) {
        handle.createUpdate(DROP_TESTS).bind("before", before).execute();
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
        handle.createUpdate(DROP_STATE_OF_SYSTEMS)
                .bindArray("systems", String.class, systems)
                .execute();
    }

    static void dropBackfillsOfApps(Handle handle, List<String> apps) {
        handle.createUpdate(DROP_BACKFILLS_OF_APPS).bindArray("apps", String.class, apps).execute();
    }

    /** Drops what was written down of sweeps before this. */
    static void dropSweeps(Handle handle, Instant before) {
        handle.createUpdate(DROP_SWEEPS).bind("before", before).execute();
    }

    /**
     * The time of the oldest personal data of closed requests that is not under a legal hold; empty
     * if there is none.
     */
    static Optional<Instant> oldestHeld(Handle handle) {
        return Optional.ofNullable(
                handle.createQuery(OLDEST_HELD)
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
        handle.createUpdate(END)
                .bind("sweep", sweep)
                .bind("erased", erased)
                .bind("dropped", dropped)
                .bind("oldest", oldestHeld)
                .bind("now", now)
                .execute();
    }

    /** A sweep that failed has not been: the next round begins another. */
    static void giveUp(Handle handle, UUID sweep) {
        handle.createUpdate(GIVE_UP).bind("sweep", sweep).execute();
    }

    /** The last sweep that has ended. */
    static Optional<LastSweep> last(Handle handle, Instant now) {
        return handle.createQuery(LAST)
                .bind("now", now)
                .map(
                        (row, context) ->
                                new LastSweep(
                                        row.getTimestamp("started_at").toInstant(),
                                        Columns.instant(row, "oldest_held")))
                .findOne();
    }
}
