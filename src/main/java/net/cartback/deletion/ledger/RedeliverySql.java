package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL by which operators send deliveries once more. */
public final class RedeliverySql {

    private static final String MAKE_DUE =
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
            """;

    private static final String DELIVER_AGAIN =
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
            """;

    private RedeliverySql() {}

    /**
     * Makes them due now, unless they have been answered or are on their way meanwhile. One that is
     * due already keeps its place, and one that was never tried stays a first attempt.
     */
    public static int makeDue(Handle handle, List<UUID> deliveries, Instant now) {
        return handle.createUpdate(MAKE_DUE)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .execute();
    }

    /**
     * A fresh delivery beside each of these, of the next round; their requests are open again. It
     * comes as a retry, so that a pile of them cannot delay new requests.
     */
    public static int deliverAgain(Handle handle, List<UUID> deliveries, Instant now) {
        return handle.createQuery(DELIVER_AGAIN)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .mapTo(Integer.class)
                .one();
    }
}
