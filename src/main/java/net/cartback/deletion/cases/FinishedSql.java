package net.cartback.deletion.cases;

import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.UUID;

/** SQL that looks for requests that are finished, and whose persons are still to be told so. */
final class FinishedSql {

    /** One replica looks at a time, so that each sees what the others have queued. */
    private static final long LOCK = 0x6d61696c_66696e69L;

    private static final String LEAD = "SELECT pg_try_advisory_xact_lock(:lock)";

    /**
     * A digest of what the page says of the end of the request {@code r}: nothing of it is kept.
     */
    private static final String TOLD =
            """
            (SELECT encode(sha256(convert_to(concat_ws('|',
                        (SELECT h.ground FROM legal_hold h WHERE h.request_id = r.id),
                        string_agg(concat_ws('/', d.system_id, d.outcome, a.ground,
                                             a.retained::text,
                                             EXISTS (SELECT FROM contradiction n
                                                      WHERE n.delivery_id = d.id
                                                        AND n.received_at > a.received_at)),
                                   ',' ORDER BY d.system_id)), 'UTF8')), 'hex')
               FROM delivery d
               LEFT JOIN receipt a ON a.delivery_id = d.id
              WHERE d.request_id = r.id
                AND NOT EXISTS (SELECT FROM delivery later
                                 WHERE later.request_id = d.request_id
                                   AND later.system_id = d.system_id
                                   AND later.round > d.round))
            """;

    private static final String UNTOLD =
            """
            SELECT o.case_id, o.request_id
              FROM person_case c
              JOIN case_request o ON o.case_id = c.id
              JOIN deletion_request r ON r.id = o.request_id
              LEFT JOIN LATERAL (SELECT m.id, m.sent_at, m.told
                                   FROM mail m
                                  WHERE m.case_id = c.id
                                    AND m.occasion = 'finished'
                                    AND m.request_id = r.id
                                    AND m.error IS DISTINCT FROM 'withdrawn'
                                  ORDER BY m.id DESC
                                  LIMIT 1) last ON true
             WHERE c.contact_sealed IS NOT NULL
               AND r.closed_at IS NOT NULL
               AND r.subject_sealed IS NOT NULL
               AND (last.id IS NULL
                    OR (last.sent_at IS NOT NULL AND last.told IS DISTINCT FROM
            """
                    + TOLD
                    + """
                            ))
                     ORDER BY c.id
                     LIMIT :at_most
                    """;

    private static final String END =
            "SELECT "
                    + TOLD
                    + """
                     AS told,
                           EXISTS (SELECT 1 FROM mail m
                                    WHERE m.case_id = :case
                                      AND m.occasion = 'finished'
                                      AND m.request_id = r.id
                                      AND m.sent_at IS NOT NULL) AS told_before
                      FROM deletion_request r
                     WHERE r.id = :request AND r.closed_at IS NOT NULL
                    """;

    private static final String ARE_ALL =
            """
            SELECT NOT EXISTS (SELECT 1
                                 FROM case_request o
                                 JOIN deletion_request r ON r.id = o.request_id
                                WHERE o.case_id = :case AND r.closed_at IS NULL)
            """;

    private FinishedSql() {}

    /** A person is to be told that this request is finished, or what was said of it since. */
    record Untold(UUID caseId, RequestId request) {}

    /**
     * How a request ended.
     *
     * @param told a digest of what is told
     * @param toldBefore whether the person was told before that it is finished
     */
    record End(String told, boolean toldBefore) {}

    /** Whether nobody else looks until the transaction ends. */
    static boolean lead(Handle handle) {
        return handle.createQuery(LEAD).bind("lock", LOCK).mapTo(Boolean.class).one();
    }

    static List<Untold> untold(Handle handle, int atMost) {
        return handle.createQuery(UNTOLD)
                .bind("at_most", atMost)
                .map(
                        (row, context) ->
                                new Untold(
                                        row.getObject("case_id", UUID.class),
                                        new RequestId(row.getObject("request_id", UUID.class))))
                .list();
    }

    /** Null: it is open. */
    static @Nullable End end(Handle handle, CaseId id, RequestId request) {
        return handle.createQuery(END)
                .bind("case", id.value())
                .bind("request", request.value())
                .map(
                        (row, context) ->
                                new End(row.getString("told"), row.getBoolean("told_before")))
                .findOne()
                .orElse(null);
    }

    /** Whether each request of a case is finished. */
    static boolean areAll(Handle handle, CaseId id) {
        return handle.createQuery(ARE_ALL).bind("case", id.value()).mapTo(Boolean.class).one();
    }
}
