package net.cartback.deletion.attention;

import static java.util.Objects.requireNonNull;

import net.cartback.deletion.attention.Attention.Cause;
import net.cartback.deletion.crypto.Certificates;
import net.cartback.deletion.storage.Columns;

import org.jdbi.v3.core.Handle;

import java.security.cert.CertificateException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/** SQL that looks for what needs an operator. Each statement reads little. */
final class AttentionSql {

    private static final String REQUESTS =
            """
            SELECT overdue, NULL AS concerned, NULL AS detail,
                   CASE WHEN overdue THEN due END AS since, count, due
              FROM (SELECT due_at < :now AS overdue, count(*) AS count, min(due_at) AS due
                      FROM (SELECT due_at
                              FROM deletion_request
                             WHERE closed_at IS NULL
                               AND kind <> 'deauthorization'
                               AND received_at <= CAST(:soon AS timestamptz) - INTERVAL '30 days'
                               AND due_at < :soon
                               -- What is on hold may not be answered.
                               AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                WHERE h.request_id = deletion_request.id)
                             ORDER BY received_at
                             LIMIT :most) open
                     GROUP BY 1) counted
            """;

    private static final String PARKED =
            """
            SELECT system_id AS concerned, reason AS detail, count(*) AS count,
                   min(created_at) AS since, min(due_at) AS due
              FROM (SELECT d.system_id, d.reason, d.created_at, r.due_at
                      FROM delivery d
                      JOIN deletion_request r ON r.id = d.request_id
                     WHERE d.state = 'parked'
                     LIMIT :most) parked
             GROUP BY system_id, reason
             ORDER BY due
            """;

    private static final String IN_DOUBT =
            """
            SELECT system_id AS concerned, reason AS detail, count(*) AS count,
                   min(created_at) AS since, min(due_at) AS due
              FROM (SELECT d.system_id, d.reason, d.created_at, r.due_at
                      FROM delivery d
                      JOIN deletion_request r ON r.id = d.request_id
                     WHERE d.state = 'awaiting_receipt'
                       AND d.reason IS NOT NULL
                       AND d.reminders = 0
                     LIMIT :most) doubted
             GROUP BY system_id, reason
             ORDER BY due
            """;

    private static final String SILENT =
            """
            SELECT system_id AS concerned, NULL AS detail, count(*) AS count,
                   min(created_at) AS since, min(due_at) AS due
              FROM (SELECT d.system_id, d.created_at, r.due_at
                      FROM delivery d
                      JOIN deletion_request r ON r.id = d.request_id
                     WHERE d.state = 'awaiting_receipt'
                       AND d.reminders > 0
                     LIMIT :most) silent
             GROUP BY system_id
             ORDER BY due
            """;

    private static final String CONTRADICTED =
            """
            SELECT system_id AS concerned, NULL AS detail, count(*) AS count,
                   min(since) AS since, CAST(NULL AS timestamptz) AS due
              FROM (SELECT d.system_id, min(c.received_at) AS since
                      FROM contradiction c
                      JOIN delivery d ON d.id = c.delivery_id
                     WHERE NOT EXISTS (SELECT 1
                                         FROM amendment a
                                         JOIN operator_action o ON o.id = a.action_id
                                        WHERE a.delivery_id = c.delivery_id
                                          AND o.at >= c.received_at)
                     GROUP BY d.id
                     LIMIT :most) contradicted
             GROUP BY system_id
             ORDER BY since
            """;

    private static final String HELD =
            """
            SELECT g.system_id AS concerned, g.held_reason AS detail, g.held_since AS since,
                   waiting.count, waiting.due
              FROM system_gate g
             CROSS JOIN LATERAL (
                   SELECT count(*) AS count, min(r.due_at) AS due
                     FROM (SELECT d.request_id
                             FROM fresh_delivery d
                            WHERE d.system_id = g.system_id AND NOT d.held
                            UNION ALL
                           SELECT d.request_id
                             FROM retry_delivery d
                            WHERE d.system_id = g.system_id AND NOT d.held
                            LIMIT :most) d
                     JOIN deletion_request r ON r.id = d.request_id) waiting
             WHERE g.held_reason <> 'rate'
             ORDER BY waiting.due NULLS LAST
            """;

    private static final String APPS_WITHOUT_SYSTEMS =
            """
            SELECT a.id AS concerned, NULL AS detail, CAST(NULL AS timestamptz) AS since,
                   open.count, open.due
              FROM meta_app a
             CROSS JOIN LATERAL (
                   SELECT count(*) AS count, min(due_at) AS due
                     FROM (SELECT due_at FROM deletion_request r
                            WHERE r.app_id = a.id
                              AND r.closed_at IS NULL
                              AND r.kind = 'deletion'
                            LIMIT :most) r) open
             WHERE NOT EXISTS (SELECT 1 FROM deletion_subscriber s
                                WHERE s.app_id = a.id)
               AND (a.state = 'live' OR open.count > 0)
             ORDER BY a.id
            """;

    private static final String NOBODY_ASKED =
            """
            SELECT app_id AS concerned, NULL AS detail, min(received_at) AS since,
                   count(*) AS count, min(due_at) AS due
              FROM (SELECT app_id, received_at, due_at
                      FROM deletion_request r
                     WHERE closed_at IS NULL AND kind = 'person' AND open_deliveries = 0
                     LIMIT :most) alone
             GROUP BY app_id
             ORDER BY due
            """;

    private static final String ENDING_SECRETS =
            """
            SELECT kind, owner AS concerned, NULL AS detail, CAST(NULL AS timestamptz) AS since,
                   1 AS count, due
              FROM (SELECT 'apps' AS kind, app_id AS owner,
                           max(COALESCE(not_after, 'infinity')) AS due
                      FROM app_secret s
                      JOIN meta_app a ON a.id = s.app_id AND a.state <> 'retired'
                     GROUP BY app_id
                     UNION ALL
                    SELECT 'systems', system_id,
                           max(COALESCE(not_after, 'infinity'))
                      FROM system_secret s
                      JOIN client_system c
                        ON c.id = s.system_id AND c.state <> 'retired'
                     GROUP BY system_id
                     UNION ALL
                    SELECT 'tokens', name, not_after
                      FROM operator_token
                     WHERE revoked_at IS NULL) secrets
             WHERE due < :ending
               AND (kind <> 'tokens' OR due > :now)
             ORDER BY due
            """;

    private static final String ENDING_AUTHORITIES =
            """
            SELECT id, ca
              FROM client_system
             WHERE ca IS NOT NULL AND state <> 'retired'
             ORDER BY id
            """;

    private static final String LATE_SWEEPS =
            """
            SELECT NULL AS concerned, NULL AS detail, since, 1 AS count,
                   CAST(NULL AS timestamptz) AS due
              FROM (SELECT COALESCE((SELECT max(started_at) FROM retention_sweep
                                      WHERE ended_at IS NOT NULL),
                                    (SELECT min(installed_on AT TIME ZONE 'UTC')
                                       FROM flyway_schema_history)) AS since) last
             WHERE since < :limit
            """;

    private static final String NO_RELAY =
            """
            SELECT NULL AS concerned, NULL AS detail, max(seen_at) AS since,
                   count(*) AS count, CAST(NULL AS timestamptz) AS due
              FROM replica
            HAVING COALESCE(max(seen_at), '-infinity') < :limit
            """;

    private static final String LOST_REPLICAS =
            """
            SELECT NULL AS concerned, NULL AS detail, min(seen_at) AS since,
                   count(*) AS count, CAST(NULL AS timestamptz) AS due
              FROM replica
             WHERE seen_at < :limit
            HAVING count(*) > 0
            """;

    static final int MOST = 10_000;
    private static final Duration SOON = Duration.ofDays(7);
    private static final Duration ENDING = Duration.ofDays(14);
    private static final Duration SWEEP_LATE = Duration.ofDays(2);
    private static final Duration UNSEEN = Duration.ofMinutes(1);

    private AttentionSql() {}

    /** From the oldest that can be due: an extension only puts a date off. */
    static List<Attention> requests(Handle handle, Instant now) {
        return handle.createQuery(REQUESTS)
                .bind("now", now)
                .bind("soon", now.plus(SOON))
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                row.getBoolean("overdue")
                                        ? attention(
                                                Cause.OVERDUE,
                                                row,
                                                "GET requests?state=overdue lists the requests;"
                                                        + " record the systems' answers, or close"
                                                        + " the deliveries that will never be"
                                                        + " answered")
                                        : attention(
                                                Cause.DUE_SOON,
                                                row,
                                                "GET requests?state=open names them, oldest first;"
                                                        + " ask the systems that have not"
                                                        + " answered"))
                .list();
    }

    /** Of each system and reason. */
    static List<Attention> parked(Handle handle) {
        return counted(
                handle,
                PARKED,
                Cause.PARKED,
                "GET deliveries?system=%1$s&state=parked lists the deliveries, GET deliveries/{id}"
                        + " shows the replies; when the cause is fixed, POST systems/%1$s/replay"
                        + " sends the deliveries again");
    }

    /** Of each system and reason; those that were reminded are told as silent. */
    static List<Attention> inDoubt(Handle handle) {
        return counted(
                handle,
                IN_DOUBT,
                Cause.IN_DOUBT,
                "GET deliveries?system=%1$s&state=awaiting_receipt lists the deliveries, GET"
                        + " deliveries/{id} shows the reply, which does not clearly accept the"
                        + " deletion; ask the client; retry sends the delivery again, record enters"
                        + " the client's answer");
    }

    static List<Attention> silent(Handle handle) {
        return counted(
                handle,
                SILENT,
                Cause.SILENT,
                "ask the client; POST systems/%1$s/tests tries whether its receipts arrive, and"
                        + " record enters an answer");
    }

    /** Until an operator has amended the answer after the last other one came. */
    static List<Attention> contradicted(Handle handle) {
        return counted(
                handle,
                CONTRADICTED,
                Cause.CONTRADICTED,
                "ask the client which answer is right; GET"
                        + " audit?event=delivery.contradicted&system=%1$s lists the deliveries,"
                        + " and amend enters the right answer");
    }

    static List<Attention> held(Handle handle) {
        return handle.createQuery(HELD)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                attention(
                                        Cause.HELD,
                                        row,
                                        row.getString("detail").equals("paused")
                                                ? "POST systems/%1$s/resume, when deliveries may be"
                                                        + " sent again"
                                                : "POST systems/%1$s/tests shows what is wrong; a"
                                                        + " change of the system's entry, a good"
                                                        + " test or resume sends a probe at once"))
                .list();
    }

    static List<Attention> nobodyAsked(Handle handle) {
        return counted(
                handle,
                NOBODY_ASKED,
                Cause.NOBODY_ASKED,
                "GET requests?app=%1$s&state=open lists the requests; a system with events:"
                        + " [person] that accepts an identifier of the person gets them at once;"
                        + " if there is none, close-unconfirmed closes the request");
    }

    static List<Attention> appsWithoutSystems(Handle handle) {
        return counted(
                handle,
                APPS_WITHOUT_SYSTEMS,
                Cause.NO_SYSTEM,
                "PATCH registry/apps/%1$s adds the app's systems; if no system holds its data,"
                        + " close-unconfirmed closes its requests");
    }

    static List<Attention> endingSecrets(Handle handle, Instant now) {
        return handle.createQuery(ENDING_SECRETS)
                .bind("now", now)
                .bind("ending", now.plus(ENDING))
                .map(
                        (row, context) ->
                                attention(
                                        Cause.SECRET_ENDS,
                                        row,
                                        row.getString("kind").equals("tokens")
                                                ? "make another token with tokens add for each"
                                                        + " caller that still uses this one"
                                                : "name the next secret beside this one: PATCH"
                                                        + " registry/"
                                                        + row.getString("kind")
                                                        + "/%1$s"))
                .list();
    }

    /** Authorities that an entry names in {@code ca}: the last of a system's to end counts. */
    static List<Attention> endingAuthorities(Handle handle, Instant now) {
        return handle
                .createQuery(ENDING_AUTHORITIES)
                .map((row, context) -> authority(row.getString("id"), row.getString("ca")))
                .stream()
                .filter(authority -> requireNonNull(authority.due()).isBefore(now.plus(ENDING)))
                .toList();
    }

    private static Attention authority(String system, String pem) {
        return new Attention(
                Cause.CERTIFICATE_ENDS,
                system,
                null,
                null,
                1,
                lastEnd(system, pem),
                "name the next authority in ca beside this one: PATCH registry/systems/" + system);
    }

    private static Instant lastEnd(String system, String pem) {
        try {
            return Certificates.of(pem).stream()
                    .map(certificate -> certificate.getNotAfter().toInstant())
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        } catch (CertificateException e) {
            throw new IllegalStateException("The registered authority of " + system, e);
        }
    }

    static List<Attention> lateSweeps(Handle handle, Instant now) {
        return since(
                handle,
                LATE_SWEEPS,
                now.minus(SWEEP_LATE),
                Cause.SWEEP_BEHIND,
                "the log of the loop retention says why; if clocks differ, correct them");
    }

    static List<Attention> noRelay(Handle handle, Instant now) {
        return since(
                handle,
                NO_RELAY,
                now.minus(UNSEEN),
                Cause.NO_RELAY,
                "check that a relay runs and reaches this database; until then no callback is"
                        + " recorded and no delivery is sent; ids import recovers the requests in"
                        + " Meta's lists");
    }

    static List<Attention> lostReplicas(Handle handle, Instant now) {
        return since(
                handle,
                LOST_REPLICAS,
                now.minus(UNSEEN),
                Cause.REPLICA_LOST,
                "a replica was killed or cannot reach the database; its entry is dropped after"
                        + " a day");
    }

    /** What a statement counts, up to {@link #MOST} of it. */
    private static List<Attention> counted(Handle handle, String sql, Cause cause, String remedy) {
        return handle.createQuery(sql)
                .bind("most", MOST)
                .map((row, context) -> attention(cause, row, remedy))
                .list();
    }

    /** What a statement finds that has not happened since then. */
    private static List<Attention> since(
            Handle handle, String sql, Instant limit, Cause cause, String remedy) {
        return handle.createQuery(sql)
                .bind("limit", limit)
                .map((row, context) -> attention(cause, row, remedy))
                .list();
    }

    /**
     * @param remedy with {@code %1$s} for what it concerns
     */
    static Attention attention(Cause cause, ResultSet row, String remedy) throws SQLException {
        var concerned = row.getString("concerned");
        return new Attention(
                cause,
                concerned,
                row.getString("detail"),
                Columns.instant(row, "since"),
                row.getLong("count"),
                Columns.instant(row, "due"),
                concerned == null ? remedy : remedy.formatted(concerned));
    }
}
