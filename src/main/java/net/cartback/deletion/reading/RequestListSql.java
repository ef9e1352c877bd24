package net.cartback.deletion.reading;

import net.cartback.deletion.reading.Requests.Filter;
import net.cartback.deletion.reading.Requests.Page;
import net.cartback.deletion.reading.Requests.Summary;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/** SQL that looks for requests. */
public final class RequestListSql {

    private static final String SUBJECTS =
            """
            WITH stretch AS MATERIALIZED (
                SELECT id, app_id, kind, id_type, subject_sealed
                  FROM deletion_request
                 WHERE id > :after
                 ORDER BY id
                 LIMIT :rows
            )
            SELECT found.id, found.subject_sealed, stretch.last
              FROM (SELECT (SELECT id FROM stretch ORDER BY id OFFSET :rows - 1)
                           AS last) AS stretch
              LEFT JOIN (SELECT id, subject_sealed
                           FROM stretch
                          WHERE app_id = :app
                            AND kind = 'deletion'
                            AND id_type = ANY (:types)
                            AND subject_sealed IS NOT NULL) AS found ON true
            """;

    /** How many rows are looked at for a page, so that none takes long, however rare a match is. */
    private static final int STRETCH = 20_000;

    private static final String COLUMNS =
            """
            r.id, r.kind, r.app_id, r.platform, r.requested_at, r.received_at, r.due_at,
            r.closed_at, r.open_deliveries, r.subject_sealed IS NULL AS erased,
            (SELECT h.ground FROM legal_hold h WHERE h.request_id = r.id) AS hold_ground,
            (SELECT h.since FROM legal_hold h WHERE h.request_id = r.id) AS hold_since,
            (SELECT x.was_due_at FROM extension x WHERE x.request_id = r.id) AS was_due_at
            """;

    private static final String FIND =
            "SELECT " + COLUMNS + " FROM deletion_request r WHERE r.id = :id";

    private static final String FIND_BY_CODE =
            "SELECT " + COLUMNS + " FROM deletion_request r WHERE r.code_digest = :code";

    private RequestListSql() {}

    static Page page(Handle handle, Filter filter, @Nullable UUID after, int atMost) {
        var last = new AtomicReference<@Nullable UUID>();
        var found = new ArrayList<Summary>();
        var system = filter.system();
        var app = filter.app();
        boolean newest = filter.newestFirst();
        handle.createQuery(
                        """
                        WITH stretch AS MATERIALIZED (
                            SELECT r.*
                              FROM deletion_request r
                             WHERE r.id > :low AND r.id < :high
                             ORDER BY r.id <direction>
                             LIMIT :rows
                        ), found AS (
                            SELECT %s
                              FROM stretch r
                             WHERE (CAST(:open AS boolean) IS NULL
                                    OR (r.closed_at IS NULL) = CAST(:open AS boolean))
                               AND (CAST(:overdue AS timestamptz) IS NULL
                                    OR (r.closed_at IS NULL
                                        AND r.due_at < CAST(:overdue AS timestamptz)))
                               AND (CAST(:app AS text) IS NULL OR r.app_id = :app)
                               AND (CAST(:system AS text) IS NULL
                                    OR EXISTS (SELECT 1 FROM delivery d
                                                WHERE d.request_id = r.id
                                                  AND d.system_id = :system))
                             ORDER BY r.id <direction>
                             LIMIT :at_most
                        )
                        SELECT found.*, stretch.last
                          FROM (SELECT (SELECT id FROM stretch
                                         ORDER BY id <direction> OFFSET :rows - 1)
                                       AS last) AS stretch
                          LEFT JOIN found ON true
                         ORDER BY found.id <direction>
                        """
                                .formatted(COLUMNS))
                .define("direction", newest ? "DESC" : "ASC")
                .bind("low", after == null || newest ? first(filter.from()) : after)
                .bind("high", after == null || !newest ? beforeFirst(filter.to()) : after)
                .bind("rows", STRETCH)
                .bind("open", filter.open())
                .bind("overdue", filter.overdue())
                .bind("app", app == null ? null : app.value())
                .bind("system", system == null ? null : system.value())
                .bind("at_most", atMost)
                .map(
                        (row, context) -> {
                            last.set(row.getObject("last", UUID.class));
                            if (row.getObject("id") != null) {
                                found.add(summary(row));
                            }
                            return true;
                        })
                .list();
        // A page that is not full ends where the stretch did, if that was full.
        return new Page(found, found.size() == atMost ? found.getLast().id().value() : last.get());
    }

    /** Before every id that was made at this instant or later: ids begin with their time. */
    public static UUID first(@Nullable Instant from) {
        return from == null ? new UUID(0, 0) : new UUID(from.toEpochMilli() << 16, 0);
    }

    private static UUID beforeFirst(@Nullable Instant to) {
        return to == null ? new UUID(-1, -1) : first(to);
    }

    /** Whose deletion a request is, still sealed. */
    public record SealedSubject(RequestId request, byte[] sealed) {}

    /** A page of them; null: it is the last. */
    public record SubjectPage(List<SealedSubject> subjects, @Nullable UUID last) {}

    /** Of the next so many requests after this id: those of one app whose person is known. */
    public static SubjectPage subjects(
            Handle handle, MetaAppId app, IdType type, UUID after, int rows) {
        var last = new AtomicReference<@Nullable UUID>();
        var found = new ArrayList<SealedSubject>();
        handle.createQuery(SUBJECTS)
                .bind("after", after)
                .bind("rows", rows)
                .bind("app", app.value())
                .bindArray(
                        "types",
                        String.class,
                        type.repeatedKinds().stream().map(IdType::wireName).toList())
                .map(
                        (row, context) -> {
                            last.set(row.getObject("last", UUID.class));
                            var id = row.getObject("id", UUID.class);
                            if (id != null) {
                                found.add(
                                        new SealedSubject(
                                                new RequestId(id), row.getBytes("subject_sealed")));
                            }
                            return true;
                        })
                .list();
        return new SubjectPage(found, last.get());
    }

    /** As {@link #subjects}: of one app's requests that are open, those after this id. */
    public static SubjectPage openSubjects(
            Handle handle, MetaAppId app, IdType type, UUID after, int rows) {
        return beside(
                handle,
                """
                SELECT id, subject_sealed
                  FROM deletion_request
                 WHERE app_id = :app
                   AND closed_at IS NULL
                   AND kind <> 'deauthorization'
                   AND id_type = ANY (:types)
                   AND subject_sealed IS NOT NULL
                   AND id > :after
                 ORDER BY id
                 LIMIT :rows
                """,
                app,
                type,
                after,
                rows);
    }

    /** As {@link #subjects}: of one app's requests that are under a legal hold. */
    public static SubjectPage heldSubjects(
            Handle handle, MetaAppId app, IdType type, UUID after, int rows) {
        return beside(
                handle,
                """
                SELECT r.id, r.subject_sealed
                  FROM legal_hold h
                  JOIN deletion_request r ON r.id = h.request_id
                 WHERE r.app_id = :app
                   AND r.id_type = ANY (:types)
                   AND r.subject_sealed IS NOT NULL
                   AND h.request_id > :after
                 ORDER BY h.request_id
                 LIMIT :rows
                """,
                app,
                type,
                after,
                rows);
    }

    private static SubjectPage beside(
            Handle handle, String sql, MetaAppId app, IdType type, UUID after, int rows) {
        var found =
                handle.createQuery(sql)
                        .bind("app", app.value())
                        .bindArray(
                                "types",
                                String.class,
                                type.repeatedKinds().stream().map(IdType::wireName).toList())
                        .bind("after", after)
                        .bind("rows", rows)
                        .map(
                                (row, context) ->
                                        new SealedSubject(
                                                new RequestId(row.getObject("id", UUID.class)),
                                                row.getBytes("subject_sealed")))
                        .list();
        return new SubjectPage(
                found, found.size() < rows ? null : found.getLast().request().value());
    }

    static Optional<Summary> find(Handle handle, RequestId id) {
        return handle.createQuery(FIND)
                .bind("id", id.value())
                .map((row, context) -> summary(row))
                .findOne();
    }

    static Optional<Summary> find(Handle handle, byte[] codeDigest) {
        return handle.createQuery(FIND_BY_CODE)
                .bind("code", codeDigest)
                .map((row, context) -> summary(row))
                .findOne();
    }

    private static Summary summary(ResultSet row) throws SQLException {
        return new Summary(
                new RequestId(row.getObject("id", UUID.class)),
                WireName.named(Kind.class, row.getString("kind")),
                new MetaAppId(row.getString("app_id")),
                row.getString("platform"),
                row.getTimestamp("requested_at").toInstant(),
                row.getTimestamp("received_at").toInstant(),
                row.getTimestamp("due_at").toInstant(),
                Columns.instant(row, "closed_at"),
                row.getInt("open_deliveries"),
                row.getBoolean("erased"),
                StatusSql.hold(row),
                Columns.instant(row, "was_due_at"));
    }
}
