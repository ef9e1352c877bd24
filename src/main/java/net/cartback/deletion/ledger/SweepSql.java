package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;

import java.time.Instant;

/**
 * SQL that makes due again what nobody would come back to: after a worker died, a client system
 * fell silent, or a clock was wrong. Each method is one statement.
 */
final class SweepSql {

    private SweepSql() {}

    /** What a worker that died left under a lease that has ended becomes due again. */
    static int endLeases(Handle handle, Instant now) {
        return handle.createUpdate(
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
                        """)
                .bind("now", now)
                .execute();
    }

    /**
     * Who has accepted a deletion and said nothing more in time is sent it again, under the same
     * id; not while it is under a legal hold.
     */
    static int remind(Handle handle, int atMostOfEach, Instant now) {
        return handle.createUpdate(
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
                        """)
                .bind("at_most", atMostOfEach)
                .bind("now", now)
                .execute();
    }

    /**
     * Opens the gates that a clock which was ahead has closed for longer than any rule closes them:
     * 62 s for a rate, a day for all others, since a system that is held may have asked for it.
     */
    static int openGatesFromFuture(Handle handle, Instant now) {
        return handle.createUpdate(
                        """
                        UPDATE system_gate
                           SET claimable_at = :now
                         WHERE claimable_at < 'infinity'
                           AND claimable_at > :now
                                   + CASE held_reason WHEN 'rate' THEN INTERVAL '64 s'
                                                      ELSE INTERVAL '25 hours' END
                        """
                                .replace(":now", "CAST(:now AS timestamptz)"))
                .bind("now", now)
                .execute();
    }

    /**
     * Opens held gates whose time has come and for which there is nothing to probe with: after an
     * operator or a change has said that they are mended, when nothing is due; else when nothing
     * waits at all. What waits for its next try goes out as a probe first.
     */
    static int openIdleGates(Handle handle, Instant now) {
        return handle.createUpdate(
                        """
                        WITH idle AS MATERIALIZED (
                            SELECT system_id FROM system_gate g
                             WHERE held_reason NOT IN ('paused', 'rate')
                               AND claimable_at <= :now
                               AND NOT EXISTS (SELECT 1 FROM delivery d
                                                WHERE d.system_id = g.system_id
                                                  AND d.state = 'pending'
                                                  AND d.lease_id IS NULL
                                                  AND d.step = 0
                                                  AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                                   WHERE h.request_id = d.request_id))
                               AND NOT EXISTS (SELECT 1 FROM delivery d
                                                WHERE d.system_id = g.system_id
                                                  AND d.state = 'pending'
                                                  AND d.lease_id IS NULL
                                                  AND d.step > 0
                                                  AND d.next_attempt_at
                                                      <= CASE g.held_reason
                                                         WHEN 'resuming' THEN :now
                                                         ELSE 'infinity' END
                                                  AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                                   WHERE h.request_id = d.request_id))
                             ORDER BY system_id
                               FOR NO KEY UPDATE SKIP LOCKED
                        )
                        UPDATE system_gate g
                           SET claimable_at = '-infinity', held_reason = NULL, hold_level = 0,
                               probe_lease = NULL
                          FROM idle
                         WHERE g.system_id = idle.system_id
                        """
                                .replace(":now", "CAST(:now AS timestamptz)"))
                .bind("now", now)
                .execute();
    }

    /**
     * Makes due what a clock that was ahead has put off for longer than any rule does: leases for a
     * call's longest time, tries for 1.2 days, reminders for {@code receipt_within}.
     */
    static int takeFromFuture(Handle handle, int atMostOfEach, Instant now) {
        return handle.createUpdate(
                        """
                        WITH ahead AS MATERIALIZED (
                            SELECT d.id
                              FROM client_system c
                             CROSS JOIN LATERAL (
                                   (SELECT id FROM delivery
                                     WHERE system_id = c.id AND lease_id IS NOT NULL
                                       AND next_attempt_at > :now + INTERVAL '2 minutes'
                                       AND next_attempt_at < 'infinity'
                                     ORDER BY next_attempt_at LIMIT :at_most)
                                    UNION ALL
                                   (SELECT id FROM delivery
                                     WHERE system_id = c.id AND state = 'pending'
                                       AND lease_id IS NULL AND step = 0
                                       AND next_attempt_at > :now + INTERVAL '2 days'
                                       AND next_attempt_at < 'infinity'
                                     ORDER BY next_attempt_at LIMIT :at_most)
                                    UNION ALL
                                   (SELECT id FROM delivery
                                     WHERE system_id = c.id AND state = 'pending'
                                       AND lease_id IS NULL AND step > 0
                                       AND next_attempt_at > :now + INTERVAL '2 days'
                                       AND next_attempt_at < 'infinity'
                                     ORDER BY next_attempt_at LIMIT :at_most)
                                    UNION ALL
                                   (SELECT id FROM delivery
                                     WHERE system_id = c.id AND state = 'awaiting_receipt'
                                       AND next_attempt_at > :now + INTERVAL '31 days'
                                       AND next_attempt_at < 'infinity'
                                     ORDER BY next_attempt_at LIMIT :at_most)) d
                        ), locked AS MATERIALIZED (
                            SELECT id FROM delivery
                             WHERE id IN (SELECT id FROM ahead)
                               AND next_attempt_at > :now + INTERVAL '2 minutes'
                             ORDER BY id
                               FOR NO KEY UPDATE SKIP LOCKED
                        )
                        UPDATE delivery d
                           SET next_attempt_at = :now
                          FROM locked
                         WHERE d.id = locked.id
                        """
                                .replace(":now", "CAST(:now AS timestamptz)"))
                .bind("at_most", atMostOfEach)
                .bind("now", now)
                .execute();
    }
}
