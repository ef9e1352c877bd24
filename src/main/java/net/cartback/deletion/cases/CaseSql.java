package net.cartback.deletion.cases;

import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.subject.OnBehalfOf;
import net.cartback.deletion.subject.Right;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** SQL on {@code person_case} and {@code case_request}. */
final class CaseSql {

    private static final String INSERT =
            """
            INSERT INTO person_case
                   (id, channel, asked_right, on_behalf_of, received_at, entered_at,
                    acknowledge_by, acknowledged_at)
            VALUES (:id, :channel, :right, :on_behalf_of, :received, :entered, :acknowledge_by,
                    :acknowledged)
            """;

    private static final String INSERT_REQUESTS =
            """
            INSERT INTO case_request (case_id, request_id)
            SELECT :id, request FROM unnest(:requests) AS request
            ON CONFLICT DO NOTHING
            """;

    private static final String COLUMNS =
            """
            SELECT c.id, c.channel, c.asked_right, c.on_behalf_of, c.received_at, c.entered_at,
                   c.acknowledge_by, c.acknowledged_at,
                   ARRAY(SELECT o.request_id FROM case_request o
                          WHERE o.case_id = c.id
                          ORDER BY o.request_id) AS requests
              FROM person_case c
            """;

    private static final String ACKNOWLEDGE =
            """
            UPDATE person_case SET acknowledged_at = :at
             WHERE id = :id AND acknowledged_at IS NULL AND received_at <= :at
            """;

    private static final String FIND = COLUMNS + " WHERE c.id = :id";

    private static final String LIST =
            COLUMNS
                    + """
                     WHERE <after> AND <which>
                     ORDER BY c.id <direction>
                     LIMIT :limit
                    """;

    private static final String UNACKNOWLEDGED = "c.acknowledged_at IS NULL";

    private static final String OF_REQUEST =
            "c.id IN (SELECT o.case_id FROM case_request o WHERE o.request_id = :request)";

    private CaseSql() {}

    static void insert(
            Handle handle, CaseId id, NewCase entered, Instant acknowledgeBy, Instant now) {
        var onBehalfOf = entered.person().onBehalfOf();
        handle.createUpdate(INSERT)
                .bind("id", id.value())
                .bind("channel", entered.channel().wireName())
                .bind("right", entered.person().right().wireName())
                .bind("on_behalf_of", onBehalfOf == null ? null : onBehalfOf.wireName())
                .bind("received", entered.receivedAt())
                .bind("entered", now)
                .bind("acknowledge_by", acknowledgeBy)
                .bind("acknowledged", entered.acknowledgedAt())
                .execute();
    }

    static void insertRequests(Handle handle, CaseId id, List<RequestId> requests) {
        handle.createUpdate(INSERT_REQUESTS)
                .bind("id", id.value())
                .bindArray("requests", UUID.class, requests.stream().map(RequestId::value).toList())
                .execute();
    }

    /** Whether it was not acknowledged before, and had come by then. */
    static boolean acknowledge(Handle handle, CaseId id, Instant at) {
        return handle.createUpdate(ACKNOWLEDGE).bind("id", id.value()).bind("at", at).execute()
                == 1;
    }

    static Optional<CaseView> find(Handle handle, CaseId id) {
        return handle.createQuery(FIND).bind("id", id.value()).map(CaseSql::view).findOne();
    }

    static List<CaseView> list(
            Handle handle, Cases.Filter filter, @Nullable UUID after, int limit) {
        boolean newest = filter.newestFirst();
        var request = filter.request();
        var which = new ArrayList<>(List.of("true"));
        if (filter.unacknowledged()) {
            which.add(UNACKNOWLEDGED);
        }
        if (request != null) {
            which.add(OF_REQUEST);
        }
        var query =
                handle.createQuery(LIST)
                        .define(
                                "after",
                                after == null ? "true" : newest ? "c.id < :after" : "c.id > :after")
                        .define("which", String.join(" AND ", which))
                        .define("direction", newest ? "DESC" : "ASC")
                        .bind("limit", limit);
        if (after != null) {
            query.bind("after", after);
        }
        if (request != null) {
            query.bind("request", request.value());
        }
        return query.map(CaseSql::view).list();
    }

    private static CaseView view(ResultSet row, StatementContext context) throws SQLException {
        var onBehalfOf = row.getString("on_behalf_of");
        return new CaseView(
                new CaseId(row.getObject("id", UUID.class)),
                WireName.named(Channel.class, row.getString("channel")),
                WireName.named(Right.class, row.getString("asked_right")),
                onBehalfOf == null ? null : WireName.named(OnBehalfOf.class, onBehalfOf),
                row.getTimestamp("received_at").toInstant(),
                row.getTimestamp("entered_at").toInstant(),
                row.getTimestamp("acknowledge_by").toInstant(),
                Columns.instant(row, "acknowledged_at"),
                Arrays.stream((UUID[]) row.getArray("requests").getArray())
                        .map(RequestId::new)
                        .toList());
    }
}
