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

/** SQL that reads deliveries for operators. */
public final class DeliveryViewSql {

    private static final String ATTEMPTS =
            """
            SELECT number, started_at, duration_ms, reply, error, status, answer_sealed
              FROM attempt
             WHERE delivery_id = :id
             ORDER BY number DESC
             LIMIT :at_most
            """;

    private static final String SAID =
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
            """;

    private static final String ACTIONS_ON_DELIVERY =
            """
            SELECT id, at, verb, deliveries, note_sealed
              FROM operator_action
             WHERE delivery_id = :id
             ORDER BY at DESC, id
             LIMIT :at_most
            """;

    private static final String ACTIONS_ON_REQUEST =
            """
            SELECT id, at, verb, deliveries, note_sealed
              FROM operator_action
             WHERE request_id = :id
             ORDER BY at DESC, id
             LIMIT :at_most
            """;

    private static final String ACTIONS_ON_SYSTEM =
            """
            SELECT id, at, verb, deliveries, note_sealed
              FROM operator_action
             WHERE system_id = :id
               AND delivery_id IS NULL
             ORDER BY at DESC, id
             LIMIT :at_most
            """;

    /** The columns of a delivery, and not those that a view adds. */
    private static final String COLUMNS =
            """
            d.id, d.request_id, d.system_id, d.state, d.lease_id, d.outcome, d.round, d.attempts,
            d.step, d.reminders, d.reason, d.next_attempt_at, d.created_at, d.closed_at
            """;

    /** Those, and what an operator must know of the request. */
    private static final String VIEW = "r.app_id, r.kind, r.due_at, " + COLUMNS;

    private static final String OF_THEIR_REQUESTS =
            " JOIN deletion_request r ON r.id = d.request_id ";

    private static final String OF_REQUEST =
            "SELECT "
                    + VIEW
                    + " FROM delivery d"
                    + OF_THEIR_REQUESTS
                    + "WHERE d.request_id = :id ORDER BY d.id";

    private static final String FIND =
            "SELECT " + VIEW + " FROM delivery d" + OF_THEIR_REQUESTS + "WHERE d.id = :id";

    /** Before every id, and after every one. */
    private static final UUID NONE = new UUID(0, 0);

    private static final UUID LAST = new UUID(-1, -1);

    private DeliveryViewSql() {}

    /**
     * The indexes that hold the deliveries of a state, each as the text after {@code FROM}, so that
     * a query walks these indexes and reads nothing else. No index holds closed deliveries.
     */
    private static List<String> indexed(DeliveryView.State state) {
        return switch (state) {
            case PENDING ->
                    List.of(
                            "fresh_delivery d WHERE d.system_id = %s",
                            "retry_delivery d WHERE d.system_id = %s");
            case IN_FLIGHT ->
                    List.of("delivery d WHERE d.system_id = %s AND d.lease_id IS NOT NULL");
            case AWAITING_RECEIPT ->
                    List.of("delivery d WHERE d.system_id = %s AND d.state = 'awaiting_receipt'");
            case PARKED -> List.of("delivery d WHERE d.system_id = %s AND d.state = 'parked'");
            case CLOSED -> throw new IllegalArgumentException("Closed deliveries are in no index");
        };
    }

    /** The order in which a state's indexes hold it: what is parked has no time. */
    public static String order(DeliveryView.State state) {
        return state == DeliveryView.State.PARKED ? "d.id" : "d.next_attempt_at, d.id";
    }

    private static String order(DeliveryView.State state, boolean newestFirst) {
        return newestFirst ? order(state).replace(",", " DESC,") + " DESC" : order(state);
    }

    private static String after(DeliveryView.State state, boolean newestFirst) {
        var follows = newestFirst ? "<" : ">";
        return state == DeliveryView.State.PARKED
                ? "d.id " + follows + " :id"
                : "(d.next_attempt_at, d.id) " + follows + " (CAST(:at AS timestamptz), :id)";
    }

    /** At most {@code :at_most} rows of one state after a place, in the order of its indexes. */
    public static String rows(DeliveryView.State state) {
        return rows(state, ":system", false);
    }

    private static String rows(DeliveryView.State state, String system, boolean newestFirst) {
        return indexed(state).stream()
                .map(
                        indexed ->
                                """
                                (SELECT %s FROM %s AND %s ORDER BY %s LIMIT :at_most)
                                """
                                        .formatted(
                                                COLUMNS,
                                                indexed.formatted(system),
                                                after(state, newestFirst),
                                                order(state, newestFirst)))
                .collect(Collectors.joining(" UNION ALL "));
    }

    public static Query walk(
            Handle handle,
            String sql,
            ClientSystemId system,
            DeliveryView.@Nullable Cursor after,
            int atMost) {
        return handle.createQuery(sql)
                .bind("system", system.value())
                .bind("at", after == null ? "-infinity" : String.valueOf(after.at()))
                .bind("id", after == null ? NONE : after.delivery().value())
                .bind("at_most", atMost);
    }

    /**
     * Deliveries of one state, after this place. They come in the order of their indexes, so that
     * no other rows are read than those of the page.
     *
     * @param system null: all systems; then up to {@code atMost} rows of each are read
     */
    static List<DeliveryView> page(
            Handle handle,
            @Nullable ClientSystemId system,
            DeliveryView.State state,
            boolean newestFirst,
            DeliveryView.@Nullable Cursor after,
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
                        "SELECT "
                                + VIEW
                                + rows
                                + OF_THEIR_REQUESTS
                                + "ORDER BY "
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
    static List<DeliveryView> ofRequest(Handle handle, RequestId request) {
        return handle.createQuery(OF_REQUEST)
                .bind("id", request.value())
                .map((row, context) -> record(row))
                .list();
    }

    public static Optional<DeliveryView> find(Handle handle, DeliveryId delivery) {
        return handle.createQuery(FIND)
                .bind("id", delivery.value())
                .map((row, context) -> record(row))
                .findOne();
    }

    private static DeliveryView record(ResultSet row) throws SQLException {
        return new DeliveryView(
                new DeliveryId(row.getObject("id", UUID.class)),
                new RequestId(row.getObject("request_id", UUID.class)),
                new ClientSystemId(row.getString("system_id")),
                new MetaAppId(row.getString("app_id")),
                WireName.named(Kind.class, row.getString("kind")),
                row.getObject("lease_id") == null
                        ? WireName.named(DeliveryView.State.class, row.getString("state"))
                        : DeliveryView.State.IN_FLIGHT,
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
    record KeptAttempt(
            int number, DeliveryView.AttemptView attempt, byte @Nullable [] answerSealed) {}

    static List<KeptAttempt> attempts(Handle handle, DeliveryId delivery, int atMost) {
        return handle.createQuery(ATTEMPTS)
                .bind("id", delivery.value())
                .bind("at_most", atMost)
                .map(
                        (row, context) ->
                                new KeptAttempt(
                                        row.getInt("number"),
                                        new DeliveryView.AttemptView(
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
    static List<DeliveryView.StoredAnswer> said(Handle handle, DeliveryId delivery) {
        return handle.createQuery(SAID)
                .bind("id", delivery.value())
                .map(
                        (row, context) ->
                                new DeliveryView.StoredAnswer(
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
                handle.createQuery(ACTIONS_ON_DELIVERY)
                        .bind("id", delivery.value())
                        .bind("at_most", atMost));
    }

    /** What operators did with a request as a whole, newest first. */
    static List<KeptAction> actions(Handle handle, RequestId request, int atMost) {
        return actions(
                handle.createQuery(ACTIONS_ON_REQUEST)
                        .bind("id", request.value())
                        .bind("at_most", atMost));
    }

    /** What operators did with a system as a whole, newest first. */
    static List<KeptAction> actions(Handle handle, ClientSystemId system, int atMost) {
        return actions(
                handle.createQuery(ACTIONS_ON_SYSTEM)
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
