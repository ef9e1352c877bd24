package net.cartback.deletion.attention;

import static net.cartback.deletion.attention.AttentionSql.MOST;
import static net.cartback.deletion.attention.AttentionSql.attention;

import net.cartback.deletion.attention.Attention.Cause;

import org.jdbi.v3.core.Handle;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** SQL that looks for people who were not told what they must be told. */
final class CaseAttentionSql {

    private static final String UNACKNOWLEDGED =
            """
            SELECT NULL AS concerned, NULL AS detail,
                   CASE WHEN min(acknowledge_by) < :now THEN min(acknowledge_by) END AS since,
                   count(*) AS count, min(acknowledge_by) AS due
              FROM (SELECT acknowledge_by
                      FROM person_case
                     WHERE acknowledged_at IS NULL AND acknowledge_by < :soon
                     ORDER BY acknowledge_by
                     LIMIT :most) waiting
            HAVING count(*) > 0
            """;

    private static final String MAIL_FAILED =
            """
            SELECT NULL AS concerned, COALESCE(error, 'untried') AS detail,
                   min(created_at) AS since, count(*) AS count,
                   CAST(NULL AS timestamptz) AS due
              FROM (SELECT m.error, m.created_at
                      FROM mail m
                      JOIN person_case c ON c.id = m.case_id
                     WHERE m.sent_at IS NULL
                       -- Who does not exist now will not exist in an hour.
                       AND (m.created_at < :before OR m.error = 'recipient')
                       AND (m.error IS NULL OR m.error NOT IN ('erased', 'withdrawn'))
                       AND c.contact_sealed IS NOT NULL
                     ORDER BY m.created_at
                     LIMIT :most) failed
             GROUP BY 2
             ORDER BY since
            """;

    private static final Duration ACKNOWLEDGED_SOON = Duration.ofDays(2);

    /** A server may be away for a while. */
    private static final Duration MAIL_PATIENCE = Duration.ofHours(1);

    private CaseAttentionSql() {}

    static List<Attention> unacknowledged(Handle handle, Instant now) {
        return handle.createQuery(UNACKNOWLEDGED)
                .bind("now", now)
                .bind("soon", now.plus(ACKNOWLEDGED_SOON))
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                attention(
                                        Cause.UNACKNOWLEDGED,
                                        row,
                                        "GET cases?unacknowledged=true lists the cases; tell the"
                                                + " persons that their wishes have arrived, and"
                                                + " POST cases/{id}/acknowledge enters it"))
                .list();
    }

    /** By why they failed. */
    static List<Attention> mailFailed(Handle handle, Instant now) {
        return handle.createQuery(MAIL_FAILED)
                .bind("before", now.minus(MAIL_PATIENCE))
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                attention(
                                        Cause.MAIL_FAILED,
                                        row,
                                        "GET cases?mail_failed=true lists the cases; doctor tries"
                                                + " the mail server; whom no mail reaches, tell in"
                                                + " another way"))
                .list();
    }
}
