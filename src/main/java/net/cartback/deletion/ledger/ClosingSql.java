package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;

import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * SQL that closes deliveries, and a request with its last one. Each method is one statement, or
 * picks deliveries by one and closes them by the one that closes.
 */
public final class ClosingSql {

    /**
     * Closes the deliveries of the part {@code closing (delivery_id, outcome)} that stands before
     * it. A receipt must be recorded in the same statement: the audit trail tells of one that comes
     * without its closing.
     */
    static final String CLOSE =
            """
            -- 1. The deliveries. One that was closed unconfirmed may still be answered.
            , ended AS (
                UPDATE delivery d
                   SET state = 'closed', outcome = c.outcome, closed_at = :now,
                       next_attempt_at = NULL, lease_id = NULL, reason = NULL
                  FROM closing c
                 WHERE d.id = c.delivery_id
                   AND (:answered OR d.state <> 'closed')
                RETURNING d.id, d.request_id, old.state <> 'closed' AS was_open
            -- 2. How many of each request.
            ), closed AS MATERIALIZED (
                SELECT request_id, count(*) AS deliveries
                  FROM ended
                 WHERE was_open
                 GROUP BY request_id
            -- 3. Requests are locked by their ids, so that two statements cannot wait for each
            --    other; a row is read again once it is locked, so nothing is counted twice.
            ), locked AS MATERIALIZED (
                SELECT r.id
                  FROM deletion_request r
                 WHERE r.id IN (SELECT request_id FROM closed)
                 ORDER BY r.id
                   FOR NO KEY UPDATE
            -- 4. The last delivery closes its request. A request without a date can be repeated
            --    only while it is open, so its digest goes.
            ), counted AS (
                UPDATE deletion_request r
                   SET open_deliveries = r.open_deliveries - closed.deliveries,
                       closed_at = CASE WHEN r.open_deliveries = closed.deliveries
                                        THEN :now END,
                       repeat_digest = CASE WHEN r.open_deliveries = closed.deliveries
                                             AND NOT r.dated
                                            THEN NULL ELSE r.repeat_digest END
                  FROM locked JOIN closed ON closed.request_id = locked.id
                 WHERE r.id = locked.id
                RETURNING r.id, r.closed_at
            )
            SELECT ended.id, counted.closed_at IS NOT NULL AS completing
              FROM ended
              LEFT JOIN counted ON counted.id = ended.request_id
            """;

    private static final String CLOSE_THESE =
            """
            WITH closing AS (
                SELECT delivery_id, outcome
                  FROM unnest(:deliveries, :outcomes) AS c (delivery_id, outcome)
                 ORDER BY delivery_id
            )
            """
                    + CLOSE;

    private static final String LOCK_UNANSWERED =
            """
            SELECT d.id
              FROM delivery d
             WHERE d.id = ANY (:deliveries)
               AND d.state <> 'closed'
               AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                WHERE h.request_id = d.request_id)
             ORDER BY d.id
               FOR NO KEY UPDATE
            """;

    private static final String LOCK_LATE_NOTICES =
            """
            SELECT d.id
              FROM deletion_request r
              JOIN delivery d ON d.request_id = r.id
             WHERE r.kind = 'deauthorization'
               AND r.closed_at IS NULL
               AND r.due_at <= :now
               AND d.state <> 'closed'
             LIMIT :at_most
               FOR NO KEY UPDATE OF d SKIP LOCKED
            """;

    private static final String CLOSE_WITHOUT_DELIVERY =
            """
            UPDATE deletion_request r
               SET closed_at = :now,
                   repeat_digest = CASE WHEN dated THEN repeat_digest END
             WHERE id = :id
               AND closed_at IS NULL
               AND open_deliveries = 0
               AND NOT EXISTS (SELECT 1 FROM subscriber s
                                WHERE s.app_id = r.app_id AND s.event = r.kind
                                  AND (r.found_by IS NULL OR s.accepts && r.found_by))
               AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                WHERE h.request_id = r.id)
            """;

    /** A system has taken a notice, which is not answered. */
    private static final String DELIVERED = "delivered";

    /** The time of a notice is over. */
    private static final String EXPIRED = "expired";

    private ClosingSql() {}

    /** A delivery that was closed, and whether that closed its request too. */
    record Closed(DeliveryId delivery, boolean completing) {}

    /** Closes deliveries of notices that their systems have taken. */
    static void delivered(Handle handle, List<UUID> deliveries, Instant now) {
        end(handle, deliveries, DELIVERED, now);
    }

    /**
     * Closes deliveries of notices whose time is over.
     *
     * @return how many
     */
    static int expire(Handle handle, int atMost, Instant now) {
        var late =
                handle.createQuery(LOCK_LATE_NOTICES)
                        .bind("at_most", atMost)
                        .bind("now", now)
                        .mapTo(UUID.class)
                        .list();
        return end(handle, late, EXPIRED, now);
    }

    /**
     * Closes deliveries that will never be answered, except those under a legal hold.
     *
     * @return how many
     */
    public static int unconfirmed(Handle handle, List<UUID> deliveries, Instant now) {
        var unanswered =
                handle.createQuery(LOCK_UNANSWERED)
                        .bindArray("deliveries", UUID.class, deliveries)
                        .mapTo(UUID.class)
                        .list();
        return end(handle, unanswered, Outcome.UNCONFIRMED.wireName(), now);
    }

    /**
     * Closes a request that has no delivery and whose app has no system that can be asked.
     *
     * @return false if it is closed or on legal hold, a delivery of it is open, or its app has a
     *     system that it has not been forwarded to yet
     */
    public static boolean unconfirmed(Handle handle, RequestId request, Instant now) {
        return handle.createUpdate(CLOSE_WITHOUT_DELIVERY)
                        .bind("id", request.value())
                        .bind("now", now)
                        .execute()
                == 1;
    }

    private static int end(Handle handle, List<UUID> deliveries, String outcome, Instant now) {
        if (deliveries.isEmpty()) {
            return 0;
        }
        return handle.createQuery(CLOSE_THESE)
                .bind("deliveries", array("uuid", deliveries, each -> each))
                .bind("outcomes", array("text", deliveries, each -> outcome))
                .bind("answered", false)
                .bind("now", now)
                .map((row, context) -> closed(row))
                .list()
                .size();
    }

    /** A row of what {@link #CLOSE} returns. */
    static Closed closed(ResultSet row) throws SQLException {
        return new Closed(
                new DeliveryId(row.getObject("id", UUID.class)), row.getBoolean("completing"));
    }
}
