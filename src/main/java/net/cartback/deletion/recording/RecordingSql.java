package net.cartback.deletion.recording;

import static net.cartback.deletion.storage.Columns.array;
import static net.cartback.deletion.storage.Columns.bytes;

import static java.util.stream.Collectors.joining;

import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** SQL that records requests. */
final class RecordingSql {

    private static final String INSERT_WITH_DELIVERIES =
            """
            WITH subscriber AS MATERIALIZED (
                SELECT app_id, system_id, event, accepts
                  FROM subscriber
                 WHERE app_id = ANY (:apps)
            ), recorded AS (
                INSERT INTO deletion_request
                       (id, kind, app_id, platform, secret_id, id_type, subject_sealed,
                        repeat_digest, dated, issued_at, code_digest, code_sealed, requested_at,
                        received_at, due_at, found_by, open_deliveries, closed_at)
                SELECT i.id, i.kind, i.app_id, i.platform, i.secret_id, i.id_type,
                       i.subject_sealed,
                       -- Without a date, it is a repeat only of one that is open.
                       CASE WHEN i.issued_at IS NOT NULL OR i.kind <> 'deauthorization'
                              OR heard.by > 0
                            THEN i.repeat_digest END,
                       i.issued_at IS NOT NULL, i.issued_at, i.code_digest,
                       i.code_sealed, i.requested_at, i.received_at, i.due_at, found.by,
                       heard.by,
                       -- A notice that nobody wants to hear is done with.
                       CASE WHEN i.kind = 'deauthorization' AND heard.by = 0
                            THEN i.received_at END
                  FROM unnest(:ids, :kinds, :apps, :platforms, :secrets, :id_types, :subjects, :repeats,
                              :issued, :code_digests, :codes, :requested, :received,
                              :due, :found_by)
                       AS i (id, kind, app_id, platform, secret_id, id_type, subject_sealed,
                             repeat_digest, issued_at, code_digest, code_sealed,
                             requested_at, received_at, due_at, found_by)
                 CROSS JOIN LATERAL (
                       SELECT string_to_array(i.found_by, ' ') AS by) found
                 CROSS JOIN LATERAL (
                       SELECT count(*) AS by
                         FROM subscriber s
                        WHERE s.app_id = i.app_id AND s.event = i.kind
                          AND (found.by IS NULL OR s.accepts && found.by)) heard
                 ORDER BY i.repeat_digest
                ON CONFLICT (repeat_digest) DO NOTHING
                RETURNING id, kind, app_id, received_at, found_by
            ), created AS (
                INSERT INTO delivery
                       (id, request_id, system_id, state, next_attempt_at, created_at)
                SELECT uuidv7(), recorded.id, subscriber.system_id, 'pending',
                       :recorded, :recorded
                  FROM recorded
                  JOIN subscriber ON subscriber.app_id = recorded.app_id
                                  AND subscriber.event = recorded.kind
                                  AND (recorded.found_by IS NULL
                                       OR subscriber.accepts && recorded.found_by)
            )
            SELECT id FROM recorded
            """;

    private static final String RECEIVED_EARLIER =
            """
            UPDATE deletion_request r
               SET received_at = :received, due_at = LEAST(due_at, :due)
             WHERE id = :id
               AND closed_at IS NULL
               AND received_at > :received
               AND NOT EXISTS (SELECT 1 FROM extension x WHERE x.request_id = r.id)
            """;

    /** A statement after it sees an extension that was given while it waited. */
    private static final String LOCK_REQUEST =
            "SELECT 1 FROM deletion_request WHERE id = :id FOR NO KEY UPDATE";

    private static final String LOCK_WISHES =
            "SELECT pg_advisory_xact_lock(wish) FROM unnest(:wishes) AS wish";

    private static final String CODES_OF_REPEATS =
            """
            SELECT id, repeat_digest, code_sealed
              FROM deletion_request
             WHERE repeat_digest = ANY (:repeats)
               AND (code_sealed IS NOT NULL OR kind = 'deauthorization')
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
                .bind("id_types", array("text", requests, RecordingSql::idType))
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
                .bind("recorded", recordedAt(requests))
                .bind("found_by", array("text", requests, RecordingSql::foundBy))
                .mapTo(UUID.class)
                .stream()
                .map(RequestId::new)
                .collect(Collectors.toSet());
    }

    /** They are prepared within moments; who is called first has waited for all of them. */
    private static Instant recordedAt(List<PreparedRequest> requests) {
        return requests.stream()
                .map(PreparedRequest::recordedAt)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    static void receivedEarlier(Handle handle, RequestId request, Instant received, Instant due) {
        handle.createQuery(LOCK_REQUEST).bind("id", request.value()).mapToMap().list();
        handle.createUpdate(RECEIVED_EARLIER)
                .bind("id", request.value())
                .bind("received", received)
                .bind("due", due)
                .execute();
    }

    private static @Nullable String idType(PreparedRequest request) {
        return request.request().subject() instanceof MetaUser user ? user.type().wireName() : null;
    }

    /** With blanks in between: PostgreSQL has no arrays of arrays of different lengths. */
    private static @Nullable String foundBy(PreparedRequest request) {
        return request.request().subject() instanceof Person person
                ? person.selectingTypes().stream().map(WireName::wireName).collect(joining(" "))
                : null;
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
