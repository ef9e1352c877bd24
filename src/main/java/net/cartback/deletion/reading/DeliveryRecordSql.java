package net.cartback.deletion.reading;

import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.ledger.AnswerColumns;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** SQL that reads deliveries for operators. Each method is one statement. */
public final class DeliveryRecordSql {

    /** Before every id, and after every one. */
    private static final UUID NONE = new UUID(0, 0);

    private static final UUID LAST = new UUID(-1, -1);

    private DeliveryRecordSql() {}

    /**
     * A state as the conditions of the indexes that hold it, so that each is walked and nothing
     * else is read. Closed deliveries are in none.
     */
    private static List<String> indexed(DeliveryRecord.State state) {
        return switch (state) {
            case PENDING ->
                    List.of(
                            "d.state = 'pending' AND d.lease_id IS NULL AND d.step = 0",
                            "d.state = 'pending' AND d.lease_id IS NULL AND d.step > 0");
            case IN_FLIGHT -> List.of("d.lease_id IS NOT NULL");
            case AWAITING_RECEIPT -> List.of("d.state = 'awaiting_receipt'");
            case PARKED -> List.of("d.state = 'parked'");
            case CLOSED -> throw new IllegalArgumentException("Closed deliveries are in no index");
        };
    }

    /** The order in which a state's indexes hold it: what is parked has no time. */
    public static String order(DeliveryRecord.State state) {
        return state == DeliveryRecord.State.PARKED ? "d.id" : "d.next_attempt_at, d.id";
    }

    private static String order(DeliveryRecord.State state, boolean newestFirst) {
        return newestFirst ? order(state).replace(",", " DESC,") + " DESC" : order(state);
    }

    private static String after(DeliveryRecord.State state, boolean newestFirst) {
        var follows = newestFirst ? "<" : ">";
        return state == DeliveryRecord.State.PARKED
                ? "d.id " + follows + " :id"
                : "(d.next_attempt_at, d.id) " + follows + " (CAST(:at AS timestamptz), :id)";
    }

    /** The rows of one state after a place, in the order of its indexes, and no more than these. */
    public static String rows(DeliveryRecord.State state) {
        return rows(state, ":system", false);
    }

    private static String rows(DeliveryRecord.State state, String system, boolean newestFirst) {
        return indexed(state).stream()
                .map(
                        indexed ->
                                """
                                (SELECT d.*
                                   FROM delivery d
                                  WHERE d.system_id = %s
                                    AND %s
                                    AND %s
                                  ORDER BY %s
                                  LIMIT :at_most)
                                """
                                        .formatted(
                                                system,
                                                indexed,
                                                after(state, newestFirst),
                                                order(state, newestFirst)))
                .collect(Collectors.joining(" UNION ALL "));
    }

    public static Query walk(
            Handle handle,
            String sql,
            ClientSystemId system,
            DeliveryRecord.@Nullable Place after,
            int atMost) {
        return handle.createQuery(sql)
                .bind("system", system.value())
                .bind("at", after == null ? "-infinity" : String.valueOf(after.at()))
                .bind("id", after == null ? NONE : after.delivery().value())
                .bind("at_most", atMost);
    }

    private static final String RECORD =
            """
            SELECT d.id, d.request_id, d.system_id, r.app_id, r.kind, d.state, d.lease_id, d.outcome,
                   d.round, d.attempts, d.step, d.reminders, d.reason, d.next_attempt_at,
                   d.created_at, d.closed_at, r.due_at
              FROM delivery d
              JOIN deletion_request r ON r.id = d.request_id
            """;

    /**
     * Deliveries of one state, after this place: in the order of their indexes, so that a page
     * reads itself and no more.
     *
     * @param system null: of all systems, so many rows of each
     */
    static List<DeliveryRecord> page(
            Handle handle,
            @Nullable ClientSystemId system,
            DeliveryRecord.State state,
            boolean newestFirst,
            DeliveryRecord.@Nullable Place after,
            int atMost) {
        var rows =
                """
                FROM (SELECT listed.*
                        FROM client_system c
                       CROSS JOIN LATERAL (%s) listed
                       WHERE CAST(:system AS text) IS NULL OR c.id = :system) d
                """
                        .formatted(rows(state, "c.id", newestFirst));
        return handle.createQuery(
                        RECORD.replace("FROM delivery d", rows)
                                + " ORDER BY "
                                + order(state, newestFirst)
                                + " LIMIT :at_most")
                .bind("system", system == null ? null : system.value())
                .bind(
                        "at",
                        after == null
                                ? newestFirst ? "infinity" : "-infinity"
                                : String.valueOf(after.at()))
                .bind("id", after == null ? newestFirst ? LAST : NONE : after.delivery().value())
                .bind("at_most", atMost)
                .map((row, context) -> record(row))
                .list();
    }

    /** Every delivery of one request, of every round. */
    static List<DeliveryRecord> ofRequest(Handle handle, RequestId request) {
        return handle.createQuery(RECORD + " WHERE d.request_id = :id ORDER BY d.id")
                .bind("id", request.value())
                .map((row, context) -> record(row))
                .list();
    }

    public static Optional<DeliveryRecord> find(Handle handle, DeliveryId delivery) {
        return handle.createQuery(RECORD + " WHERE d.id = :id")
                .bind("id", delivery.value())
                .map((row, context) -> record(row))
                .findOne();
    }

    private static DeliveryRecord record(ResultSet row) throws SQLException {
        return new DeliveryRecord(
                new DeliveryId(row.getObject("id", UUID.class)),
                new RequestId(row.getObject("request_id", UUID.class)),
                new ClientSystemId(row.getString("system_id")),
                new MetaAppId(row.getString("app_id")),
                WireName.named(Kind.class, row.getString("kind")),
                row.getObject("lease_id") == null
                        ? WireName.named(DeliveryRecord.State.class, row.getString("state"))
                        : DeliveryRecord.State.IN_FLIGHT,
                row.getString("outcome"),
                row.getInt("round"),
                row.getInt("attempts"),
                row.getInt("step"),
                row.getInt("reminders"),
                row.getString("reason"),
                Columns.instant(row, "next_attempt_at"),
                row.getTimestamp("created_at").toInstant(),
                Columns.instant(row, "closed_at"),
                row.getTimestamp("due_at").toInstant());
    }

    /** An attempt as it is kept; its answer still sealed. */
    record KeptAttempt(int number, DeliveryRecord.Try attempt, byte @Nullable [] answerSealed) {}

    static List<KeptAttempt> attempts(Handle handle, DeliveryId delivery, int atMost) {
        return handle.createQuery(
                        """
                        SELECT number, started_at, duration_ms, reply, error, status, answer_sealed
                          FROM attempt
                         WHERE delivery_id = :id
                         ORDER BY number DESC
                         LIMIT :at_most
                        """)
                .bind("id", delivery.value())
                .bind("at_most", atMost)
                .map(
                        (row, context) ->
                                new KeptAttempt(
                                        row.getInt("number"),
                                        new DeliveryRecord.Try(
                                                row.getInt("number"),
                                                row.getTimestamp("started_at").toInstant(),
                                                Duration.ofMillis(row.getInt("duration_ms")),
                                                row.getString("reply"),
                                                row.getString("error"),
                                                row.getObject("status", Integer.class),
                                                null,
                                                null),
                                        row.getBytes("answer_sealed")))
                .list();
    }

    /** The answer that stands, those that an operator amended, and those that contradict it. */
    static List<DeliveryRecord.Said> said(Handle handle, DeliveryId delivery) {
        return handle.createQuery(
                        """
                        SELECT 'stands' AS standing, basis, outcome, retained::text AS retained,
                               ground, received_at
                          FROM receipt
                         WHERE delivery_id = :id
                         UNION ALL
                        SELECT 'amended', basis, outcome, retained::text, ground, received_at
                          FROM amendment
                         WHERE delivery_id = :id
                         UNION ALL
                        SELECT 'contradicts', basis, outcome, retained::text, ground, received_at
                          FROM contradiction
                         WHERE delivery_id = :id
                         ORDER BY received_at DESC
                        """)
                .bind("id", delivery.value())
                .map(
                        (row, context) ->
                                new DeliveryRecord.Said(
                                        row.getString("standing"),
                                        WireName.named(Basis.class, row.getString("basis")),
                                        AnswerColumns.answer(row),
                                        row.getTimestamp("received_at").toInstant()))
                .list();
    }

    /** An action as it is kept; who and why still sealed. */
    record KeptAction(
            UUID id, Instant at, String verb, int deliveries, byte @Nullable [] noteSealed) {}

    /** What operators did with a delivery, newest first. */
    static List<KeptAction> actions(Handle handle, DeliveryId delivery, int atMost) {
        return actions(
                handle.createQuery(
                                """
                                SELECT id, at, verb, deliveries, note_sealed
                                  FROM operator_action
                                 WHERE delivery_id = :id
                                 ORDER BY at DESC, id
                                 LIMIT :at_most
                                """)
                        .bind("id", delivery.value())
                        .bind("at_most", atMost));
    }

    /** What operators did with a request as a whole, newest first. */
    static List<KeptAction> actions(Handle handle, RequestId request, int atMost) {
        return actions(
                handle.createQuery(
                                """
                                SELECT id, at, verb, deliveries, note_sealed
                                  FROM operator_action
                                 WHERE request_id = :id
                                 ORDER BY at DESC, id
                                 LIMIT :at_most
                                """)
                        .bind("id", request.value())
                        .bind("at_most", atMost));
    }

    /** What operators did with a system as a whole, newest first. */
    static List<KeptAction> actions(Handle handle, ClientSystemId system, int atMost) {
        return actions(
                handle.createQuery(
                                """
                                SELECT id, at, verb, deliveries, note_sealed
                                  FROM operator_action
                                 WHERE system_id = :id
                                   AND delivery_id IS NULL
                                 ORDER BY at DESC, id
                                 LIMIT :at_most
                                """)
                        .bind("id", system.value())
                        .bind("at_most", atMost));
    }

    private static List<KeptAction> actions(Query query) {
        return query.map(
                        (row, context) ->
                                new KeptAction(
                                        row.getObject("id", UUID.class),
                                        row.getTimestamp("at").toInstant(),
                                        row.getString("verb"),
                                        row.getInt("deliveries"),
                                        row.getBytes("note_sealed")))
                .list();
    }
}
