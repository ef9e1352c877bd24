package net.cartback.deletion.operation;

import net.cartback.deletion.operation.OperatorNotes.Concern;
import net.cartback.deletion.reading.DeliveryView;
import net.cartback.deletion.reading.DeliveryViewSql;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL of what operators do. */
final class OperatorSql {

    private static final String INSERT =
            """
            INSERT INTO operator_action
                   (id, at, verb, system_id, request_id, delivery_id, deliveries,
                    note_sealed)
            VALUES (:id, :now, :verb, :system, :request, :delivery, :deliveries,
                    :note)
            """;

    private static final String CLOSED_SINCE =
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
                            AND r.kind <> 'deauthorization'
                            -- What it does not hear of any more is not sent afresh.
                            AND r.kind = ANY (SELECT unnest(c.events) FROM client_system c
                                               WHERE c.id = d.system_id)
                            AND r.subject_sealed IS NOT NULL
                            -- The same order again goes on where the first ended.
                            AND NOT (d.round > 1 AND d.created_at >= :since)
                            -- One look-up for each row, and not all rows at once.
                            AND (SELECT true FROM delivery later
                                  WHERE later.request_id = d.request_id
                                    AND later.system_id = d.system_id
                                    AND later.round > d.round
                                  LIMIT 1) IS NULL) AS found
            """;

    private static final String KEEP_BEFORE_AMENDING =
            """
            INSERT INTO amendment (action_id, delivery_id, basis, outcome, retained,
                                   ground, received_at)
            SELECT :action, delivery_id, basis, outcome, retained, ground, received_at
              FROM receipt
             WHERE delivery_id = :delivery
            """;

    private OperatorSql() {}

    static void insert(
            Handle handle, UUID id, Verb verb, Concern concern, byte[] noteSealed, Instant now) {
        var system = concern.system();
        var request = concern.request();
        var delivery = concern.delivery();
        handle.createUpdate(INSERT)
                .bind("id", id)
                .bind("now", now)
                .bind("verb", verb.wireName())
                .bind("system", system == null ? null : system.value())
                .bind("request", request == null ? null : request.value())
                .bind("delivery", delivery == null ? null : delivery.value())
                .bind("deliveries", concern.deliveries())
                .bind("note", noteSealed)
                .execute();
    }

    /** Where a walk through one state's deliveries of one system has come to, and what it found. */
    record UnansweredPage(DeliveryView.@Nullable Cursor last, List<UUID> found) {}

    /**
     * Deliveries of one state that match, among the next so many after a place: however many wait,
     * a statement reads a stretch of them.
     *
     * @param replay what matches; null: every deletion that no legal hold is on, and no notice
     */
    static UnansweredPage unanswered(
            Handle handle,
            ClientSystemId system,
            DeliveryView.State state,
            @Nullable Replay replay,
            DeliveryView.@Nullable Cursor after,
            int rows) {
        var matching =
                replay == null
                        ? """
                        (SELECT kind FROM deletion_request r WHERE r.id = d.request_id)
                            <> 'deauthorization'
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
                                DeliveryViewSql.rows(state),
                                DeliveryViewSql.order(state),
                                DeliveryViewSql.order(state),
                                matching);
        var query = DeliveryViewSql.walk(handle, sql, system, after, rows);
        if (replay != null) {
            var error = replay.error();
            query.bind("from", replay.from())
                    .bind("to", replay.to())
                    .bind("error", error == null ? null : error.wireName());
        }
        return query.map(
                        (row, context) -> {
                            var last = row.getObject("id", UUID.class);
                            return new UnansweredPage(
                                    last == null
                                            ? null
                                            : new DeliveryView.Cursor(
                                                    state,
                                                    Columns.instant(row, "at"),
                                                    new DeliveryId(last)),
                                    List.of((UUID[]) row.getArray("found").getArray()));
                        })
                .one();
    }

    /** What was found in one stretch of the table, and where it ended; null: at the end. */
    record ClosedPage(@Nullable UUID last, List<UUID> found) {}

    /**
     * Deletions of this system that are closed and could be sent again, because the person is
     * known. Closed deliveries are in no index, so the table is read, a stretch at a time.
     */
    static ClosedPage closedSince(
            Handle handle, ClientSystemId system, Instant since, @Nullable UUID after, int rows) {
        return handle.createQuery(CLOSED_SINCE)
                .bind("system", system.value())
                .bind("since", since)
                .bind("after", after)
                .bind("rows", rows)
                .map(
                        (row, context) ->
                                new ClosedPage(
                                        row.getObject("last", UUID.class),
                                        List.of((UUID[]) row.getArray("found").getArray())))
                .one();
    }

    /** Keeps what a receipt says, under the action that is about to change it. */
    static void keepBeforeAmending(Handle handle, UUID action, DeliveryId delivery) {
        handle.createUpdate(KEEP_BEFORE_AMENDING)
                .bind("action", action)
                .bind("delivery", delivery.value())
                .execute();
    }
}
