package net.cartback.deletion.recording;

import static net.cartback.deletion.storage.Columns.array;
import static net.cartback.deletion.storage.Columns.bytes;

import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** SQL that records requests. */
final class RecordingSql {

    private static final String INSERT_WITH_DELIVERIES =
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
            """;

    private static final String LOCK_WISHES =
            "SELECT pg_advisory_xact_lock(wish) FROM unnest(:wishes) AS wish";

    private static final String CODES_OF_REPEATS =
            """
            SELECT id, repeat_digest, code_sealed
              FROM deletion_request
             WHERE repeat_digest = ANY (:repeats)
               AND (code_sealed IS NOT NULL OR kind <> 'deletion')
               FOR KEY SHARE
            """;

    private RecordingSql() {}

    /** The sealed code of a request, and the id that is part of its seal; a notice has none. */
    record SealedCode(RequestId id, byte[] repeatDigest, byte @Nullable [] code) {}

    /**
     * Requests and their deliveries in one statement, so in one round trip and one commit. They go
     * in by their digests, so that two batches cannot wait for each other.
     *
     * @return those that were new
     */
    static Set<RequestId> insertWithDeliveries(Handle handle, List<PreparedRequest> requests) {
        return handle
                .createQuery(INSERT_WITH_DELIVERIES)
                .bind("ids", array("uuid", requests, one -> one.id().value()))
                .bind("kinds", array("text", requests, one -> one.request().kind().wireName()))
                .bind("apps", array("text", requests, one -> one.request().origin().app().value()))
                .bind(
                        "platforms",
                        array(
                                "text",
                                requests,
                                one -> one.request().origin().platform().wireName()))
                .bind("secrets", array("uuid", requests, one -> one.request().origin().secretId()))
                .bind(
                        "id_types",
                        array("text", requests, one -> one.request().subject().type().wireName()))
                .bind("subjects", bytes(requests, PreparedRequest::subjectSealed))
                .bind("repeats", bytes(requests, one -> one.repeat().current()))
                .bind(
                        "issued",
                        array("timestamptz", requests, one -> one.request().origin().issuedAt()))
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
     * Makes two transactions that record the same request under different index keys run one after
     * the other. Otherwise neither would see the row of the other transaction.
     */
    static void lockWishes(Handle handle, List<PreparedRequest> requests) {
        handle.createQuery(LOCK_WISHES)
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
     * The requests that were recorded before under these digests. They are locked as if they were
     * written, so that the answer to a repeat waits for the standbys like the first answer.
     * Otherwise a repeat could get a code that a failover then loses.
     */
    static List<SealedCode> codesOfRepeats(Handle handle, List<byte[]> repeatDigests) {
        return handle.createQuery(CODES_OF_REPEATS)
                .bindArray("repeats", byte[].class, repeatDigests)
                .map(
                        (row, context) ->
                                new SealedCode(
                                        new RequestId(row.getObject("id", UUID.class)),
                                        row.getBytes("repeat_digest"),
                                        row.getBytes("code_sealed")))
                .list();
    }
}
