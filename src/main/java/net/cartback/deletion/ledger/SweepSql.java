package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;

import java.time.Duration;
import java.time.Instant;

/**
 * SQL that makes due again what nobody would come back to: after a worker died, a client system
 * fell silent, or a clock was wrong.
 */
final class SweepSql {

    private static final String END_LEASES =
            """
            WITH ended AS MATERIALIZED (
                SELECT id FROM delivery
                 WHERE lease_id IS NOT NULL
                   AND next_attempt_at <= :now
                 ORDER BY id
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE delivery d
               SET lease_id = NULL
              FROM ended
             WHERE d.id = ended.id
            """;

    private static final String REMIND =
            """
            WITH silent AS MATERIALIZED (
                SELECT awaiting.id
                  FROM client_system c
                 CROSS JOIN LATERAL (
                       SELECT d.id
                         FROM delivery d
                        WHERE d.system_id = c.id
                          AND d.state = 'awaiting_receipt'
                          AND d.next_attempt_at <= :now
                          AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                           WHERE h.request_id = d.request_id)
                        ORDER BY d.next_attempt_at
                        LIMIT :at_most
                          FOR NO KEY UPDATE SKIP LOCKED) awaiting
            )
            UPDATE delivery d
               SET state = 'pending', step = 1, reminders = d.reminders + 1,
                   reason = 'silent'
              FROM silent
             WHERE d.id = silent.id
            """;

    private static final String TAKE_FROM_FUTURE =
            """
            WITH ahead AS MATERIALIZED (
                SELECT d.id
                  FROM client_system c
                 CROSS JOIN LATERAL (
                       (SELECT id FROM delivery
                         WHERE system_id = c.id AND lease_id IS NOT NULL
                           AND next_attempt_at > :leases AND next_attempt_at < 'infinity'
                         ORDER BY next_attempt_at LIMIT :at_most)
                        UNION ALL
                       (SELECT id FROM fresh_delivery
                         WHERE system_id = c.id
                           AND next_attempt_at > :tries AND next_attempt_at < 'infinity'
                         ORDER BY next_attempt_at LIMIT :at_most)
                        UNION ALL
                       (SELECT id FROM retry_delivery
                         WHERE system_id = c.id
                           AND next_attempt_at > :tries AND next_attempt_at < 'infinity'
                         ORDER BY next_attempt_at LIMIT :at_most)
                        UNION ALL
                       (SELECT id FROM delivery
                         WHERE system_id = c.id AND state = 'awaiting_receipt'
                           AND next_attempt_at > :receipts AND next_attempt_at < 'infinity'
                         ORDER BY next_attempt_at LIMIT :at_most)) d
            ), locked AS MATERIALIZED (
                SELECT id FROM delivery
                 WHERE id IN (SELECT id FROM ahead)
                   AND next_attempt_at > :leases
                 ORDER BY id
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE delivery d
               SET next_attempt_at = :now
              FROM locked
             WHERE d.id = locked.id
            """;

    /** A call's longest time. */
    private static final Duration LONGEST_LEASE = Duration.ofMinutes(2);

    /** Between two tries: 1.2 days, rounded up. */
    private static final Duration LONGEST_PAUSE = Duration.ofDays(2);

    /** The longest {@code receipt_within}. */
    private static final Duration LONGEST_AWAITED = Duration.ofDays(31);

    private SweepSql() {}

    /** What a worker that died left under a lease that has ended becomes due again. */
    static int endLeases(Handle handle, Instant now) {
        return handle.createUpdate(END_LEASES).bind("now", now).execute();
    }

    /**
     * Sends a deletion again, under the same id, to a system that has accepted it but not answered
     * in time; not while the request is under a legal hold.
     */
    static int remind(Handle handle, int atMostOfEach, Instant now) {
        return handle.createUpdate(REMIND).bind("at_most", atMostOfEach).bind("now", now).execute();
    }

    /** Makes due what a clock that was ahead has put off for longer than any rule does. */
    static int takeFromFuture(Handle handle, int atMostOfEach, Instant now) {
        return handle.createUpdate(TAKE_FROM_FUTURE)
                .bind("at_most", atMostOfEach)
                .bind("leases", now.plus(LONGEST_LEASE))
                .bind("tries", now.plus(LONGEST_PAUSE))
                .bind("receipts", now.plus(LONGEST_AWAITED))
                .bind("now", now)
                .execute();
    }
}
