package net.cartback.deletion.operation;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.ledger.AnswerColumns;
import net.cartback.deletion.ledger.ClosingSql;
import net.cartback.deletion.reading.DeliveryRecord;
import net.cartback.deletion.reading.DeliveryRecordSql;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL of what operators do. Each method is one statement. */
final class OperatorSql {

    private OperatorSql() {}

    /** One thing that an operator did. */
    record Action(
            UUID id,
            Verb verb,
            @Nullable ClientSystemId system,
            @Nullable RequestId request,
            @Nullable DeliveryId delivery,
            int deliveries,
            byte @Nullable [] noteSealed) {}

    static void insert(Handle handle, Action action, Instant now) {
        var system = action.system();
        var request = action.request();
        var delivery = action.delivery();
        handle.createUpdate(
                        """
                        INSERT INTO operator_action
                               (id, at, verb, system_id, request_id, delivery_id, deliveries,
                                note_sealed)
                        VALUES (:id, :now, :verb, :system, :request, :delivery, :deliveries,
                                :note)
                        """)
                .bind("id", action.id())
                .bind("now", now)
                .bind("verb", action.verb().wireName())
                .bind("system", system == null ? null : system.value())
                .bind("request", request == null ? null : request.value())
                .bind("delivery", delivery == null ? null : delivery.value())
                .bind("deliveries", action.deliveries())
                .bind("note", action.noteSealed())
                .execute();
    }

    /** Nothing is claimed from it any more, whatever else held it back; false if it was so. */
    static boolean pause(Handle handle, ClientSystemId system) {
        return handle.createUpdate(
                                """
                                UPDATE system_gate
                                   SET claimable_at = 'infinity', held_reason = 'paused',
                                       hold_level = 0, probe_lease = NULL
                                 WHERE system_id = :system
                                   AND held_reason IS DISTINCT FROM 'paused'
                                """)
                        .bind("system", system.value())
                        .execute()
                == 1;
    }

    /** The next claim takes one delivery as a probe; false if nothing held it back. */
    static boolean resume(Handle handle, ClientSystemId system, Instant now) {
        return handle.createUpdate(
                                """
                                UPDATE system_gate
                                   SET claimable_at = :now, held_reason = 'resuming',
                                       hold_level = 0, probe_lease = NULL
                                 WHERE system_id = :system
                                   AND held_reason <> 'rate'
                                """)
                        .bind("system", system.value())
                        .bind("now", now)
                        .execute()
                == 1;
    }

    /** Where a walk through one state's deliveries of one system has come to, and what it found. */
    record Walked(DeliveryRecord.@Nullable Place last, List<UUID> found) {}

    /**
     * Deliveries of one state that match, among the next so many after a place: however many wait,
     * a statement reads a stretch of them.
     *
     * @param replay what matches; null: every deletion that no legal hold is on, and no notice
     */
    static Walked unanswered(
            Handle handle,
            ClientSystemId system,
            DeliveryRecord.State state,
            @Nullable Replay replay,
            DeliveryRecord.@Nullable Place after,
            int rows) {
        var matching =
                replay == null
                        ? """
                        (SELECT kind FROM deletion_request r WHERE r.id = d.request_id)
                            = 'deletion'
                        AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                         WHERE h.request_id = d.request_id)
                        """
                        : """
                            d.created_at >= COALESCE(CAST(:from AS timestamptz), '-infinity')
                        AND d.created_at < COALESCE(CAST(:to AS timestamptz), 'infinity')
                        AND (CAST(:error AS text) IS NULL
                             OR d.reason = :error
                             OR starts_with(d.reason, :error || '_'))
                        """;
        var sql =
                """
                WITH stretch AS MATERIALIZED (
                    SELECT d.* FROM (%s) d ORDER BY %s LIMIT :at_most
                ), last AS (
                    SELECT d.next_attempt_at, d.id FROM stretch d ORDER BY %s OFFSET :at_most - 1
                )
                SELECT (SELECT next_attempt_at FROM last) AS at, (SELECT id FROM last) AS id,
                       ARRAY(SELECT d.id FROM stretch d WHERE %s) AS found
                """
                        .formatted(
                                DeliveryRecordSql.rows(state),
                                DeliveryRecordSql.order(state),
                                DeliveryRecordSql.order(state),
                                matching);
        var query = DeliveryRecordSql.walk(handle, sql, system, after, rows);
        if (replay != null) {
            var error = replay.error();
            query.bind("from", replay.from())
                    .bind("to", replay.to())
                    .bind("error", error == null ? null : error.wireName());
        }
        return query.map(
                        (row, context) -> {
                            var last = row.getObject("id", UUID.class);
                            return new Walked(
                                    last == null
                                            ? null
                                            : new DeliveryRecord.Place(
                                                    state,
                                                    Columns.instant(row, "at"),
                                                    new DeliveryId(last)),
                                    List.of((UUID[]) row.getArray("found").getArray()));
                        })
                .one();
    }

    /**
     * Makes them due now, unless they have been answered or are on their way meanwhile. One that is
     * due already keeps its place, and one that was never tried stays a first attempt.
     */
    static int makeDue(Handle handle, List<UUID> deliveries, Instant now) {
        return handle.createUpdate(
                        """
                        WITH waiting AS MATERIALIZED (
                            SELECT id FROM delivery
                             WHERE id = ANY (:deliveries)
                             ORDER BY id
                               FOR NO KEY UPDATE
                        )
                        UPDATE delivery d
                           SET state = 'pending',
                               step = CASE WHEN d.state = 'pending' THEN d.step
                                           ELSE GREATEST(d.step, 1) END,
                               next_attempt_at = CASE WHEN d.state = 'pending'
                                                      THEN LEAST(d.next_attempt_at, :now)
                                                      ELSE :now END
                          FROM waiting
                         WHERE d.id = waiting.id
                           AND d.state <> 'closed'
                           AND d.lease_id IS NULL
                        """)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .execute();
    }

    /**
     * Closes what is not answered although nobody ever will, but for what is under a legal hold;
     * returns how many.
     */
    static int closeUnconfirmed(Handle handle, List<UUID> deliveries, Instant now) {
        return handle.createQuery(
                        """
                        WITH waiting AS MATERIALIZED (
                            SELECT id FROM delivery
                             WHERE id = ANY (:deliveries)
                             ORDER BY id
                               FOR NO KEY UPDATE
                        ), answered AS (
                            UPDATE delivery d
                               SET state = 'closed', outcome = 'unconfirmed', closed_at = :now,
                                   next_attempt_at = NULL, lease_id = NULL, reason = NULL
                              FROM waiting
                             WHERE d.id = waiting.id
                               AND d.state <> 'closed'
                               AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                WHERE h.request_id = d.request_id)
                            RETURNING d.id, d.request_id, true AS was_open
                        )
                        """
                                + ClosingSql.COUNT_DOWN
                                + "SELECT count(*) FROM answered")
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .mapTo(Integer.class)
                .one();
    }

    /** What was found in one stretch of the table, and where it ended; null: at the end. */
    record Stretch(@Nullable UUID last, List<UUID> found) {}

    /**
     * Deletions of this system that are closed and could be sent again, because the person is
     * known. Closed deliveries are in no index, so the table is read, a stretch at a time.
     */
    static Stretch closedSince(
            Handle handle, ClientSystemId system, Instant since, @Nullable UUID after, int rows) {
        return handle.createQuery(
                        """
                        WITH stretch AS MATERIALIZED (
                            SELECT id, request_id, system_id, state, created_at, closed_at, round
                              FROM delivery
                             WHERE id > COALESCE(:after,
                                        CAST('00000000-0000-0000-0000-000000000000' AS uuid))
                             ORDER BY id
                             LIMIT :rows
                        )
                        SELECT (SELECT id FROM stretch ORDER BY id DESC LIMIT 1) AS last,
                               ARRAY(SELECT d.id
                                       FROM stretch d
                                       JOIN deletion_request r ON r.id = d.request_id
                                      WHERE d.system_id = :system
                                        AND d.state = 'closed'
                                        AND d.closed_at >= :since
                                        AND r.kind = 'deletion'
                                        AND r.subject_sealed IS NOT NULL
                                        -- The same order again goes on where the first ended.
                                        AND NOT (d.round > 1 AND d.created_at >= :since)
                                        -- One look-up for each row, and not all rows at once.
                                        AND (SELECT true FROM delivery later
                                              WHERE later.request_id = d.request_id
                                                AND later.system_id = d.system_id
                                                AND later.round > d.round
                                              LIMIT 1) IS NULL) AS found
                        """)
                .bind("system", system.value())
                .bind("since", since)
                .bind("after", after)
                .bind("rows", rows)
                .map(
                        (row, context) ->
                                new Stretch(
                                        row.getObject("last", UUID.class),
                                        List.of((UUID[]) row.getArray("found").getArray())))
                .one();
    }

    /**
     * A fresh delivery beside each of these, of the next round; their requests are open again. It
     * comes as a retry, so that a pile of them cannot delay new requests.
     */
    static int deliverAgain(Handle handle, List<UUID> deliveries, Instant now) {
        return handle.createQuery(
                        """
                        WITH before AS MATERIALIZED (
                            SELECT request_id, system_id, round
                              FROM delivery
                             WHERE id = ANY (:deliveries)
                        ), locked AS MATERIALIZED (
                            SELECT r.id
                              FROM deletion_request r
                             WHERE r.id IN (SELECT request_id FROM before)
                               AND r.subject_sealed IS NOT NULL
                             ORDER BY r.id
                               FOR NO KEY UPDATE
                        ), created AS (
                            INSERT INTO delivery (id, request_id, system_id, state, step,
                                                  next_attempt_at, created_at, round)
                            SELECT uuidv7(), before.request_id, before.system_id, 'pending', 1,
                                   :now, :now, before.round + 1
                              FROM before
                              JOIN locked ON locked.id = before.request_id
                            ON CONFLICT (request_id, system_id, round) DO NOTHING
                            RETURNING request_id
                        ), opened AS (
                            UPDATE deletion_request r
                               SET open_deliveries = r.open_deliveries + 1, closed_at = NULL
                              FROM created
                             WHERE r.id = created.request_id
                        )
                        SELECT count(*) FROM created
                        """)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .mapTo(Integer.class)
                .one();
    }

    /** Keeps what a receipt says, under the action that is about to change it. */
    static void keepBeforeAmending(Handle handle, UUID action, DeliveryId delivery) {
        handle.createUpdate(
                        """
                        INSERT INTO amendment (action_id, delivery_id, basis, outcome, retained,
                                               ground, received_at)
                        SELECT :action, delivery_id, basis, outcome, retained, ground, received_at
                          FROM receipt
                         WHERE delivery_id = :delivery
                        """)
                .bind("action", action)
                .bind("delivery", delivery.value())
                .execute();
    }

    /** Locks a receipt, so that two amendments come one after the other. */
    static boolean lockReceipt(Handle handle, DeliveryId delivery) {
        return handle.createQuery("SELECT 1 FROM receipt WHERE delivery_id = :id FOR UPDATE")
                .bind("id", delivery.value())
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }

    /** What an operator says instead, in the receipt and on the delivery. */
    static void amend(Handle handle, DeliveryId delivery, Answer answer, Instant now) {
        var ground = answer.ground();
        handle.createUpdate(
                        """
                        WITH amended AS (
                            UPDATE receipt
                               SET basis = 'by_hand', outcome = :outcome,
                                   retained = CAST(:retained AS jsonb), ground = :ground,
                                   received_at = :now
                             WHERE delivery_id = :delivery
                            RETURNING delivery_id, outcome
                        )
                        UPDATE delivery d
                           SET outcome = amended.outcome
                          FROM amended
                         WHERE d.id = amended.delivery_id
                        """)
                .bind("delivery", delivery.value())
                .bind("outcome", answer.outcome().wireName())
                .bind("retained", AnswerColumns.retained(answer.retained()))
                .bind("ground", ground == null ? null : ground.wireName())
                .bind("now", now)
                .execute();
    }
}
