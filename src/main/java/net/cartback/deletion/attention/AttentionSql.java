package net.cartback.deletion.attention;

import static java.util.Objects.requireNonNull;

import net.cartback.deletion.attention.Attention.Cause;
import net.cartback.deletion.crypto.Certificates;
import net.cartback.deletion.storage.Columns;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.security.cert.CertificateException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/** SQL that looks for what needs an operator. Each method is one statement, and reads little. */
final class AttentionSql {

    private static final int MOST = 10_000;
    private static final Duration SOON = Duration.ofDays(7);
    private static final Duration ENDING = Duration.ofDays(14);
    private static final Duration SWEEP_LATE = Duration.ofDays(2);
    private static final Duration UNSEEN = Duration.ofMinutes(1);

    private AttentionSql() {}

    /** From the oldest that can be due: an extension only puts a date off. */
    static List<Attention> requests(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT due_at < :now AS overdue, count(*) AS count, min(due_at) AS due
                          FROM (SELECT due_at
                                  FROM deletion_request
                                 WHERE closed_at IS NULL
                                   AND kind = 'deletion'
                                   AND received_at <= CAST(:soon AS timestamptz) - INTERVAL '30 days'
                                   AND due_at < :soon
                                   -- What is on hold may not be answered.
                                   AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                    WHERE h.request_id = deletion_request.id)
                                 ORDER BY received_at
                                 LIMIT :most) open
                         GROUP BY 1
                        """)
                .bind("now", now)
                .bind("soon", now.plus(SOON))
                .bind("most", MOST)
                .map(
                        (row, context) -> {
                            boolean overdue = row.getBoolean("overdue");
                            var due = Columns.instant(row, "due");
                            return new Attention(
                                    overdue ? Cause.OVERDUE : Cause.DUE_SOON,
                                    null,
                                    null,
                                    overdue ? due : null,
                                    row.getLong("count"),
                                    due,
                                    overdue
                                            ? "GET requests?state=overdue names them; record what"
                                                    + " the systems say, or close the deliveries"
                                                    + " that nobody will answer"
                                            : "GET requests?state=open names them, oldest first;"
                                                    + " ask the systems that have not answered");
                        })
                .list();
    }

    /** Of each system and reason. */
    static List<Attention> parked(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT system_id, reason, count(*) AS count, min(created_at) AS since,
                               min(due_at) AS due
                          FROM (SELECT d.system_id, d.reason, d.created_at, r.due_at
                                  FROM delivery d
                                  JOIN deletion_request r ON r.id = d.request_id
                                 WHERE d.state = 'parked'
                                 LIMIT :most) parked
                         GROUP BY system_id, reason
                         ORDER BY due
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                ofSystem(
                                        Cause.PARKED,
                                        row,
                                        row.getString("reason"),
                                        "GET deliveries?system=%1$s&state=parked lists them, GET"
                                                + " deliveries/{id} shows what it said; when that"
                                                + " is mended, POST systems/%1$s/replay sends them"
                                                + " again"))
                .list();
    }

    /** Of each system and reason; those that were reminded are told as silent. */
    static List<Attention> inDoubt(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT system_id, reason, count(*) AS count, min(created_at) AS since,
                               min(due_at) AS due
                          FROM (SELECT d.system_id, d.reason, d.created_at, r.due_at
                                  FROM delivery d
                                  JOIN deletion_request r ON r.id = d.request_id
                                 WHERE d.state = 'awaiting_receipt'
                                   AND d.reason IS NOT NULL
                                   AND d.reminders = 0
                                 LIMIT :most) doubted
                         GROUP BY system_id, reason
                         ORDER BY due
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                ofSystem(
                                        Cause.IN_DOUBT,
                                        row,
                                        row.getString("reason"),
                                        "GET deliveries?system=%1$s&state=awaiting_receipt lists"
                                                + " them, GET deliveries/{id} shows what came,"
                                                + " which does not clearly say that it was taken;"
                                                + " ask the client; retry sends it again, record"
                                                + " enters what the client then says"))
                .list();
    }

    static List<Attention> silent(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT system_id, count(*) AS count, min(created_at) AS since,
                               min(due_at) AS due
                          FROM (SELECT d.system_id, d.created_at, r.due_at
                                  FROM delivery d
                                  JOIN deletion_request r ON r.id = d.request_id
                                 WHERE d.state = 'awaiting_receipt'
                                   AND d.reminders > 0
                                 LIMIT :most) silent
                         GROUP BY system_id
                         ORDER BY due
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                ofSystem(
                                        Cause.SILENT,
                                        row,
                                        null,
                                        "ask the client; POST systems/%1$s/tests tries whether its"
                                                + " receipts arrive, and record enters an answer"))
                .list();
    }

    /** Until an operator has amended the answer after the last other one came. */
    static List<Attention> contradicted(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT system_id, count(*) AS count, min(since) AS since,
                               CAST(NULL AS timestamptz) AS due
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
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                ofSystem(
                                        Cause.CONTRADICTED,
                                        row,
                                        null,
                                        "ask the client which answer is right; GET"
                                                + " audit?event=delivery.contradicted&system=%1$s"
                                                + " names the deliveries, and amend says which one"
                                                + " stands"))
                .list();
    }

    static List<Attention> held(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT g.system_id, g.held_reason, g.held_since AS since,
                               waiting.count, waiting.due
                          FROM system_gate g
                         CROSS JOIN LATERAL (
                               SELECT count(*) AS count, min(r.due_at) AS due
                                 FROM (SELECT d.request_id
                                         FROM delivery d
                                        WHERE d.system_id = g.system_id
                                          AND d.state = 'pending'
                                          AND d.lease_id IS NULL
                                          AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                           WHERE h.request_id = d.request_id)
                                        LIMIT :most) d
                                 JOIN deletion_request r ON r.id = d.request_id) waiting
                         WHERE g.held_reason <> 'rate'
                         ORDER BY waiting.due NULLS LAST
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                ofSystem(
                                        Cause.HELD,
                                        row,
                                        row.getString("held_reason"),
                                        row.getString("held_reason").equals("paused")
                                                ? "POST systems/%1$s/resume, when it may go on"
                                                : "POST systems/%1$s/tests says what is wrong; a"
                                                        + " change of its entry, a good test or"
                                                        + " resume lets it go on at once"))
                .list();
    }

    private static Attention ofSystem(
            Cause cause, ResultSet row, @Nullable String detail, String remedy)
            throws SQLException {
        var system = row.getString("system_id");
        return new Attention(
                cause,
                system,
                detail,
                Columns.instant(row, "since"),
                row.getLong("count"),
                Columns.instant(row, "due"),
                remedy.formatted(system));
    }

    static List<Attention> appsWithoutSystems(Handle handle) {
        return handle.createQuery(
                        """
                        SELECT a.id, open.count, open.due
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
                        """)
                .bind("most", MOST)
                .map(
                        (row, context) ->
                                new Attention(
                                        Cause.NO_SYSTEM,
                                        row.getString("id"),
                                        null,
                                        null,
                                        row.getLong("count"),
                                        Columns.instant(row, "due"),
                                        "PATCH registry/apps/%s names its systems; where nobody"
                                                        .formatted(row.getString("id"))
                                                + " holds data, close-unconfirmed closes its"
                                                + " requests"))
                .list();
    }

    static List<Attention> endingSecrets(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT kind, owner, due
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
                        """)
                .bind("now", now)
                .bind("ending", now.plus(ENDING))
                .map(
                        (row, context) ->
                                new Attention(
                                        Cause.SECRET_ENDS,
                                        row.getString("owner"),
                                        null,
                                        null,
                                        1,
                                        Columns.instant(row, "due"),
                                        nextSecret(row.getString("kind"), row.getString("owner"))))
                .list();
    }

    private static String nextSecret(String kind, String owner) {
        return kind.equals("tokens")
                ? "who still uses it needs another one: tokens add makes it"
                : "name the next secret beside this one: PATCH registry/" + kind + "/" + owner;
    }

    /** Authorities that an entry names in {@code ca}: the last of a system's to end counts. */
    static List<Attention> endingAuthorities(Handle handle, Instant now) {
        return handle
                .createQuery(
                        """
                        SELECT id, ca
                          FROM client_system
                         WHERE ca IS NOT NULL AND state <> 'retired'
                         ORDER BY id
                        """)
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
        return handle.createQuery(
                        """
                        SELECT since
                          FROM (SELECT COALESCE((SELECT max(started_at) FROM retention_sweep
                                                  WHERE ended_at IS NOT NULL),
                                                (SELECT min(installed_on AT TIME ZONE 'UTC')
                                                   FROM flyway_schema_history)) AS since) last
                         WHERE since < :late
                        """)
                .bind("late", now.minus(SWEEP_LATE))
                .map(
                        (row, context) ->
                                new Attention(
                                        Cause.SWEEP_BEHIND,
                                        null,
                                        null,
                                        Columns.instant(row, "since"),
                                        1,
                                        null,
                                        "the log of the loop retention says what keeps it; where"
                                                + " clocks are apart, set them"))
                .list();
    }

    static List<Attention> noRelay(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT max(seen_at) AS since, count(*) AS count
                          FROM replica
                        HAVING COALESCE(max(seen_at), '-infinity') < :unseen
                        """)
                .bind("unseen", now.minus(UNSEEN))
                .map(
                        (row, context) ->
                                new Attention(
                                        Cause.NO_RELAY,
                                        null,
                                        null,
                                        Columns.instant(row, "since"),
                                        row.getLong("count"),
                                        null,
                                        "does one run, and does it reach this database? Until then"
                                            + " nothing is taken in and nothing sent; ids import"
                                            + " recovers what Meta has listed"))
                .list();
    }

    static List<Attention> lostReplicas(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT count(*) AS count, min(seen_at) AS since
                          FROM replica
                         WHERE seen_at < :unseen
                        HAVING count(*) > 0
                        """)
                .bind("unseen", now.minus(UNSEEN))
                .map(
                        (row, context) ->
                                new Attention(
                                        Cause.REPLICA_LOST,
                                        null,
                                        null,
                                        Columns.instant(row, "since"),
                                        row.getLong("count"),
                                        null,
                                        "it was killed, or is without the database; it is forgotten"
                                                + " after a day"))
                .list();
    }
}
