package net.cartback.deletion.ledger;

import static net.cartback.deletion.ledger.LedgerSql.array;
import static net.cartback.deletion.ledger.LedgerSql.bytes;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** SQL on {@code deletion_request}. Each method is one statement. */
final class RequestSql {

    /**
     * Parts of a statement: takes the deliveries that its part {@code answered (id, request_id,
     * was_open)} has closed off their requests; the last one closes its request. The part {@code
     * counted (id, closed_at)} tells which. Requests are locked in the order of their ids, as
     * everywhere, so that two statements cannot wait for each other; what one before has counted
     * down is seen, because a row is read again once it is locked.
     */
    static final String COUNT_DOWN =
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

    private RequestSql() {}

    /** The sealed code of a request, and the id that is part of its seal; a notice has none. */
    record SealedCode(RequestId id, byte[] repeatDigest, byte @Nullable [] code) {}

    /** The request row without its parts. */
    private record Dates(
            Instant receivedAt,
            Instant dueAt,
            @Nullable Instant completedAt,
            RequestStatus.@Nullable Hold hold,
            RequestStatus.@Nullable Extension extension) {}

    /**
     * Requests and their deliveries in one statement, so in one round trip and one commit. They go
     * in by their digests, so that two batches cannot wait for each other.
     *
     * @return those that were new
     */
    static Set<RequestId> insertWithDeliveries(Handle handle, List<PreparedRequest> requests) {
        return handle
                .createQuery(
                        """
                        WITH subscriber AS MATERIALIZED (
                            SELECT app_id, system_id, event
                              FROM subscriber
                             WHERE app_id = ANY (:apps)
                        ), recorded AS (
                            INSERT INTO deletion_request
                                   (id, kind, app_id, platform, secret_id, id_type, subject_sealed,
                                    repeat_digest, dated, issued_at, code_digest, code_sealed, requested_at,
                                    received_at, due_at, open_deliveries, closed_at)
                            SELECT i.id, i.kind, i.app_id, i.platform, i.secret_id, i.id_type,
                                   i.subject_sealed,
                                   -- Without a date, it is a repeat only of one that is open.
                                   CASE WHEN i.issued_at IS NOT NULL OR i.kind = 'deletion' OR heard.by > 0
                                        THEN i.repeat_digest END,
                                   i.issued_at IS NOT NULL, i.issued_at, i.code_digest,
                                   i.code_sealed, i.requested_at, i.received_at, i.due_at,
                                   heard.by,
                                   -- A notice that nobody wants to hear is done with.
                                   CASE WHEN i.kind <> 'deletion' AND heard.by = 0
                                        THEN i.received_at END
                              FROM unnest(:ids, :kinds, :apps, :platforms, :secrets, :id_types, :subjects, :repeats,
                                          :issued, :code_digests, :codes, :requested, :received,
                                          :due)
                                   AS i (id, kind, app_id, platform, secret_id, id_type, subject_sealed,
                                         repeat_digest, issued_at, code_digest, code_sealed,
                                         requested_at, received_at, due_at)
                             CROSS JOIN LATERAL (
                                   SELECT count(*) AS by
                                     FROM subscriber s
                                    WHERE s.app_id = i.app_id AND s.event = i.kind) heard
                             ORDER BY i.repeat_digest
                            ON CONFLICT (repeat_digest) DO NOTHING
                            RETURNING id, kind, app_id, received_at
                        ), created AS (
                            INSERT INTO delivery
                                   (id, request_id, system_id, state, next_attempt_at, created_at)
                            SELECT uuidv7(), recorded.id, subscriber.system_id, 'pending',
                                   recorded.received_at, recorded.received_at
                              FROM recorded
                              JOIN subscriber ON subscriber.app_id = recorded.app_id
                                              AND subscriber.event = recorded.kind
                        )
                        SELECT id FROM recorded
                        """)
                .bind("ids", array("uuid", requests, one -> one.id().value()))
                .bind("kinds", array("text", requests, one -> one.request().kind().wireName()))
                .bind("apps", array("text", requests, one -> one.request().app().value()))
                .bind(
                        "platforms",
                        array("text", requests, one -> one.request().platform().wireName()))
                .bind("secrets", array("uuid", requests, one -> one.request().secretId()))
                .bind(
                        "id_types",
                        array("text", requests, one -> one.request().subject().type().wireName()))
                .bind("subjects", bytes(requests, PreparedRequest::subjectSealed))
                .bind("repeats", bytes(requests, one -> one.repeat().current()))
                .bind("issued", array("timestamptz", requests, one -> one.request().issuedAt()))
                .bind("code_digests", bytes(requests, PreparedRequest::codeDigest))
                .bind("codes", bytes(requests, PreparedRequest::codeSealed))
                .bind("requested", array("timestamptz", requests, PreparedRequest::requestedAt))
                .bind("received", array("timestamptz", requests, PreparedRequest::receivedAt))
                .bind("due", array("timestamptz", requests, PreparedRequest::dueAt))
                .mapTo(UUID.class)
                .stream()
                .map(RequestId::new)
                .collect(Collectors.toSet());
    }

    /**
     * Lets two transactions that record the same wish under different index keys wait for each
     * other: neither would see the other's row.
     */
    static void lockWishes(Handle handle, List<PreparedRequest> requests) {
        handle.createQuery("SELECT pg_advisory_xact_lock(wish) FROM unnest(:wishes) AS wish")
                .bindArray(
                        "wishes",
                        Long.class,
                        requests.stream()
                                .map(one -> one.repeat().oldestFirst().getFirst())
                                .map(digest -> ByteBuffer.wrap(digest).getLong())
                                .distinct()
                                .sorted()
                                .toList())
                .mapToMap()
                .list();
    }

    /**
     * What was recorded before under these digests. It is locked as if it were written, so that the
     * answer waits for the standbys as the first one did: else a repeat could be told a code that a
     * failover takes away.
     */
    static List<SealedCode> codesOfRepeats(Handle handle, List<byte[]> repeatDigests) {
        return handle.createQuery(
                        """
                        SELECT id, repeat_digest, code_sealed
                          FROM deletion_request
                         WHERE repeat_digest = ANY (:repeats)
                           AND (code_sealed IS NOT NULL OR kind <> 'deletion')
                           FOR KEY SHARE
                        """)
                .bindArray("repeats", byte[].class, repeatDigests)
                .map(
                        (row, context) ->
                                new SealedCode(
                                        new RequestId(row.getObject("id", UUID.class)),
                                        row.getBytes("repeat_digest"),
                                        row.getBytes("code_sealed")))
                .list();
    }

    /**
     * Request and parts in one statement: read one after the other, a request that closes in
     * between would show all parts answered and yet not be completed.
     */
    static Optional<RequestStatus> status(Handle handle, byte[] codeDigest) {
        var parts = new ArrayList<RequestStatus.Part>();
        return handle
                .createQuery(
                        """
                        SELECT q.received_at, q.due_at, q.closed_at AS completed_at,
                               c.public_name, d.outcome,
                               -- A reminder on its way does not take back that it was accepted.
                               CASE WHEN d.state = 'pending' AND d.accepted_at IS NOT NULL
                                    THEN 'awaiting_receipt'
                                    -- Accepted in doubt: the system may not have it at all.
                                    WHEN d.state = 'awaiting_receipt' AND d.accepted_at IS NULL
                                     AND d.reason IS NOT NULL
                                    THEN 'parked' ELSE d.state END AS state,
                               r.retained::text AS retained,
                               r.ground, d.closed_at, h.ground AS hold_ground,
                               h.since AS hold_since, x.ground AS extension_ground,
                               x.extended_at, x.was_due_at
                          FROM deletion_request q
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
                        """)
                .bind("code", codeDigest)
                .map(
                        (row, context) -> {
                            if (row.getString("state") != null) {
                                parts.add(part(row));
                            }
                            return new Dates(
                                    row.getTimestamp("received_at").toInstant(),
                                    row.getTimestamp("due_at").toInstant(),
                                    LedgerSql.instant(row, "completed_at"),
                                    hold(row),
                                    extension(row));
                        })
                .list()
                .stream()
                .findFirst()
                .map(
                        dates ->
                                new RequestStatus(
                                        dates.receivedAt(),
                                        dates.dueAt(),
                                        dates.completedAt(),
                                        dates.hold(),
                                        dates.extension(),
                                        parts));
    }

    /** From the columns {@code hold_ground} and {@code hold_since}. */
    static RequestStatus.@Nullable Hold hold(ResultSet row) throws SQLException {
        var since = LedgerSql.instant(row, "hold_since");
        return since == null
                ? null
                : new RequestStatus.Hold(
                        LedgerSql.named(Ground.class, row.getString("hold_ground")), since);
    }

    private static RequestStatus.@Nullable Extension extension(ResultSet row) throws SQLException {
        var at = LedgerSql.instant(row, "extended_at");
        return at == null
                ? null
                : new RequestStatus.Extension(
                        LedgerSql.named(ExtensionGround.class, row.getString("extension_ground")),
                        at,
                        row.getTimestamp("was_due_at").toInstant());
    }

    private static RequestStatus.Part part(ResultSet row) throws SQLException {
        var outcome = row.getString("outcome");
        var ground = row.getString("ground");
        return new RequestStatus.Part(
                row.getString("public_name"),
                LedgerSql.named(RequestStatus.PartState.class, row.getString("state")),
                outcome == null ? null : LedgerSql.named(Outcome.class, outcome),
                LedgerSql.retained(row.getString("retained")),
                ground == null ? null : LedgerSql.named(Ground.class, ground),
                LedgerSql.instant(row, "closed_at"));
    }

    /** When the oldest request that is still open came in; empty if none is. */
    static Optional<Instant> oldestOpen(Handle handle) {
        return oldestOpen(handle, "true");
    }

    /** The same, but for those that a legal hold is on. */
    static Optional<Instant> oldestOpenNotHeld(Handle handle) {
        return oldestOpen(
                handle, "NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.request_id = r.id)");
    }

    private static Optional<Instant> oldestOpen(Handle handle, String which) {
        return handle.createQuery(
                        """
                        SELECT min(oldest.received_at)
                          FROM meta_app a
                         CROSS JOIN LATERAL (SELECT r.received_at
                                               FROM deletion_request r
                                              WHERE r.app_id = a.id AND r.closed_at IS NULL
                                                AND r.kind = 'deletion'
                                                AND <which>
                                              ORDER BY r.id
                                              LIMIT 1) oldest
                        """)
                .define("which", which)
                .mapTo(Instant.class)
                .findOne();
    }
}
