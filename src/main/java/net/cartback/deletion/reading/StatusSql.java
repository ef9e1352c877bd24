package net.cartback.deletion.reading;

import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.ledger.AnswerColumns;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** SQL that reads what a person sees. */
final class StatusSql {

    private static final String STATUS =
            """
            SELECT a.name AS app_name, a.names::text AS app_names, q.platform,
                   CASE WHEN q.kind = 'person' THEN 'person'
                        WHEN q.secret_id IS NULL THEN 'list' ELSE 'signed' END AS way,
                   a.state <> 'retired' AS takes_requests,
                   q.received_at, q.due_at, q.closed_at AS completed_at,
                   c.public_name, c.public_names::text AS public_names, d.outcome, d.accepted_at,
                   CASE WHEN d.outcome IS NULL OR d.outcome = 'unconfirmed'
                        THEN (SELECT count(*) FROM attempt t
                               WHERE t.delivery_id = d.id AND t.reply <> 'not_sent')
                        ELSE d.attempts END AS attempts,
                   -- What was tried is told only of who has not answered.
                   CASE WHEN d.outcome IS NULL OR d.outcome = 'unconfirmed'
                        THEN (SELECT t.started_at FROM attempt t
                               WHERE t.delivery_id = d.id AND t.reply <> 'not_sent'
                               ORDER BY t.number
                               LIMIT 1) END AS first_asked,
                   CASE WHEN d.round > 0
                        THEN (SELECT max(e.closed_at) FROM delivery e
                               WHERE e.request_id = d.request_id
                                 AND e.system_id = d.system_id
                                 AND e.round < d.round
                                 AND e.outcome <> 'unconfirmed') END AS answered_before,
                   -- An amendment settles what was contradicted before it.
                   EXISTS (SELECT FROM contradiction n
                            WHERE n.delivery_id = d.id
                              AND n.received_at > r.received_at) AS contradicted,
                   -- A reminder on its way does not take back that it was accepted.
                   CASE WHEN d.state = 'pending' AND d.accepted_at IS NOT NULL
                        THEN 'awaiting_receipt'
                        -- Accepted in doubt: the system may not have it at all.
                        WHEN d.state = 'awaiting_receipt' AND d.accepted_at IS NULL
                         AND d.reason IS NOT NULL
                        THEN 'parked' ELSE d.state END AS state,
                   r.retained::text AS retained,
                   r.ground, d.closed_at,
                   -- An answer that was amended counts from then on.
                   COALESCE(r.received_at, d.closed_at) AS said_at, h.ground AS hold_ground,
                   h.since AS hold_since, x.ground AS extension_ground,
                   x.extended_at, x.was_due_at
              FROM deletion_request q
              JOIN meta_app a ON a.id = q.app_id
              LEFT JOIN legal_hold h ON h.request_id = q.id
              LEFT JOIN extension x ON x.request_id = q.id
              LEFT JOIN delivery d
                ON d.request_id = q.id
                   -- What was sent again stands for what was sent before.
               AND (SELECT true FROM delivery later
                     WHERE later.request_id = d.request_id
                       AND later.system_id = d.system_id
                       AND later.round > d.round
                     LIMIT 1) IS NULL
              LEFT JOIN client_system c ON c.id = d.system_id
              LEFT JOIN receipt r ON r.delivery_id = d.id
             WHERE q.code_digest = :code
             ORDER BY d.id
            """;

    private static final String CODES =
            """
            SELECT id, code_sealed
              FROM deletion_request
             WHERE id = ANY (:requests) AND code_sealed IS NOT NULL
             ORDER BY id
            """;

    private StatusSql() {}

    /** A request's code, sealed. */
    record SealedCode(RequestId id, byte[] sealed) {}

    static List<SealedCode> codes(Handle handle, Collection<RequestId> requests) {
        return handle.createQuery(CODES)
                .bindArray("requests", UUID.class, requests.stream().map(RequestId::value).toList())
                .map(
                        (row, context) ->
                                new SealedCode(
                                        new RequestId(row.getObject("id", UUID.class)),
                                        row.getBytes("code_sealed")))
                .list();
    }

    /** The request row without its parts. */
    private record Request(
            RequestStatus.App app,
            Instant receivedAt,
            Instant dueAt,
            @Nullable Instant completedAt,
            RequestStatus.@Nullable Hold hold,
            RequestStatus.@Nullable Extension extension) {}

    /**
     * Request and parts in one statement: read one after the other, a request that closes in
     * between would show all parts answered and yet not be completed.
     */
    static Optional<RequestStatus> status(Handle handle, byte[] codeDigest) {
        var parts = new ArrayList<RequestStatus.Part>();
        return handle
                .createQuery(STATUS)
                .bind("code", codeDigest)
                .map(
                        (row, context) -> {
                            if (row.getString("state") != null) {
                                parts.add(part(row));
                            }
                            return new Request(
                                    new RequestStatus.App(
                                            Columns.names(row, "app_name", "app_names"),
                                            WireName.named(
                                                    Platform.class, row.getString("platform")),
                                            WireName.named(
                                                    RequestStatus.Way.class, row.getString("way")),
                                            row.getBoolean("takes_requests")),
                                    row.getTimestamp("received_at").toInstant(),
                                    row.getTimestamp("due_at").toInstant(),
                                    Columns.instant(row, "completed_at"),
                                    hold(row),
                                    extension(row));
                        })
                .list()
                .stream()
                .findFirst()
                .map(
                        request ->
                                new RequestStatus(
                                        request.app(),
                                        request.receivedAt(),
                                        request.dueAt(),
                                        request.completedAt(),
                                        request.hold(),
                                        request.extension(),
                                        parts));
    }

    /** From the columns {@code hold_ground} and {@code hold_since}. */
    static RequestStatus.@Nullable Hold hold(ResultSet row) throws SQLException {
        var since = Columns.instant(row, "hold_since");
        return since == null
                ? null
                : new RequestStatus.Hold(
                        WireName.named(Ground.class, row.getString("hold_ground")), since);
    }

    private static RequestStatus.@Nullable Extension extension(ResultSet row) throws SQLException {
        var at = Columns.instant(row, "extended_at");
        return at == null
                ? null
                : new RequestStatus.Extension(
                        WireName.named(ExtensionGround.class, row.getString("extension_ground")),
                        at,
                        row.getTimestamp("was_due_at").toInstant());
    }

    private static RequestStatus.Part part(ResultSet row) throws SQLException {
        var outcome = row.getString("outcome");
        var ground = row.getString("ground");
        return new RequestStatus.Part(
                Columns.names(row, "public_name", "public_names"),
                WireName.named(DeliveryState.class, row.getString("state")),
                outcome == null ? null : WireName.named(Outcome.class, outcome),
                AnswerColumns.retained(row.getString("retained")),
                ground == null ? null : WireName.named(Ground.class, ground),
                new RequestStatus.Tries(
                        row.getInt("attempts"),
                        Columns.instant(row, "first_asked"),
                        Columns.instant(row, "accepted_at")),
                Columns.instant(row, "closed_at") == null ? null : Columns.instant(row, "said_at"),
                Columns.instant(row, "answered_before"),
                row.getBoolean("contradicted"));
    }
}
