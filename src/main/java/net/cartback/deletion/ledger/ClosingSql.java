package net.cartback.deletion.ledger;

/** SQL that closes requests. */
public final class ClosingSql {

    /**
     * Parts of a statement: takes the deliveries that its part {@code answered (id, request_id,
     * was_open)} has closed off their requests; the last one closes its request. The part {@code
     * counted (id, closed_at)} tells which. Requests are locked in the order of their ids, as
     * everywhere, so that two statements cannot wait for each other; what one before has counted
     * down is seen, because a row is read again once it is locked.
     */
    public static final String COUNT_DOWN =
            """
            , closed AS MATERIALIZED (
                SELECT request_id, count(*) AS deliveries
                  FROM answered
                 WHERE was_open
                 GROUP BY request_id
            ), locked AS MATERIALIZED (
                SELECT r.id
                  FROM deletion_request r
                 WHERE r.id IN (SELECT request_id FROM closed)
                 ORDER BY r.id
                   FOR NO KEY UPDATE
            ), counted AS (
                UPDATE deletion_request r
                   SET open_deliveries = r.open_deliveries - closed.deliveries,
                       closed_at = CASE WHEN r.open_deliveries = closed.deliveries
                                        THEN CAST(:now AS timestamptz) END,
                       repeat_digest = CASE WHEN r.open_deliveries = closed.deliveries
                                             AND NOT r.dated
                                            THEN NULL ELSE r.repeat_digest END
                  FROM locked JOIN closed ON closed.request_id = locked.id
                 WHERE r.id = locked.id
                RETURNING r.id, r.closed_at
            )
            """;

    private ClosingSql() {}
}
