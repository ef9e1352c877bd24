package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL that ends deliveries of notices, which are not answered. Each method is one statement. */
final class NoticeSql {

    private NoticeSql() {}

    /** These have been taken by their systems. One that has ended before stays as it is. */
    static void delivered(Handle handle, List<UUID> deliveries, Instant now) {
        handle.createQuery(
                        """
                        WITH answered AS (
                            UPDATE delivery
                               SET state = 'closed', outcome = 'delivered', closed_at = :now,
                                   next_attempt_at = NULL, lease_id = NULL, reason = NULL
                             WHERE id = ANY (:deliveries)
                               AND state <> 'closed'
                            RETURNING id, request_id, true AS was_open
                        )
                        """
                                + ClosingSql.COUNT_DOWN
                                + "SELECT count(*) FROM counted")
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .mapTo(Long.class)
                .one();
    }

    /**
     * Ends deliveries of notices whose time is over.
     *
     * @return how many
     */
    static int expire(Handle handle, int atMost, Instant now) {
        return handle.createQuery(
                        """
                        WITH late AS MATERIALIZED (
                            SELECT d.id
                              FROM deletion_request r
                              JOIN delivery d ON d.request_id = r.id
                             WHERE r.kind = 'deauthorization'
                               AND r.closed_at IS NULL
                               AND r.due_at <= :now
                               AND d.state <> 'closed'
                             LIMIT :at_most
                               FOR NO KEY UPDATE OF d SKIP LOCKED
                        ), answered AS (
                            UPDATE delivery d
                               SET state = 'closed', outcome = 'expired', closed_at = :now,
                                   next_attempt_at = NULL, lease_id = NULL, reason = NULL
                              FROM late
                             WHERE d.id = late.id
                            RETURNING d.id, d.request_id, true AS was_open
                        )
                        """
                                + ClosingSql.COUNT_DOWN
                                + "SELECT count(*) FROM answered")
                .bind("at_most", atMost)
                .bind("now", now)
                .mapTo(Integer.class)
                .one();
    }
}
