package net.cartback.deletion.cases;

import net.cartback.deletion.language.Language;
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
                    acknowledge_by, acknowledged_at, language, contact_sealed)
            VALUES (:id, :channel, :right, :on_behalf_of, :received, :entered, :acknowledge_by,
                    :acknowledged, :language, :contact)
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
                   c.acknowledge_by, c.acknowledged_at, c.language,
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

    private static final String SET_CONTACT =
            """
            UPDATE person_case c
               SET contact_sealed = :contact, language = :language
             WHERE c.id = :id
               AND EXISTS (SELECT 1
                             FROM case_request o
                             JOIN deletion_request r ON r.id = o.request_id
                            WHERE o.case_id = c.id AND r.subject_sealed IS NOT NULL)
            """;

    private static final String ADDRESSEE =
            """
            SELECT c.language, c.on_behalf_of, c.contact_sealed,
                   c.acknowledged_at IS NOT NULL AS acknowledged,
                   ARRAY(SELECT o.request_id FROM case_request o
                          WHERE o.case_id = c.id) AS requests
              FROM person_case c
             WHERE c.id = :id AND c.contact_sealed IS NOT NULL
            """;

    private static final String LOCK =
            "SELECT id FROM person_case WHERE id = :id FOR NO KEY UPDATE";

    private static final String FIND = COLUMNS + " WHERE c.id = :id";

    private static final String LIST =
            COLUMNS
                    + """
                     WHERE <after> AND <which>
                     ORDER BY c.id <direction>
                     LIMIT :limit
                    """;

    private static final String UNACKNOWLEDGED = "c.acknowledged_at IS NULL";

    private static final String MAIL_FAILED =
            """
            c.contact_sealed IS NOT NULL
            AND c.id IN (SELECT m.case_id FROM mail m
                          WHERE m.sent_at IS NULL
                            AND (m.error NOT IN ('erased', 'withdrawn')
                                 OR (m.error IS NULL AND m.created_at < :untried_since)))
            """;

    private static final String OF_REQUEST =
            "c.id IN (SELECT o.case_id FROM case_request o WHERE o.request_id = :request)";

    private CaseSql() {}

    /** To whom a mail goes: the address is sealed. */
    record Addressee(
            Language language,
            @Nullable OnBehalfOf onBehalfOf,
            byte[] contactSealed,
            boolean acknowledged,
            List<RequestId> requests) {}

    /**
     * @param contactSealed null: the person is told nothing by mail
     */
    static void insert(
            Handle handle,
            CaseId id,
            NewCase entered,
            byte @Nullable [] contactSealed,
            Instant acknowledgeBy,
            Instant now) {
        var onBehalfOf = entered.person().onBehalfOf();
        var contact = entered.contact();
        handle.createUpdate(INSERT)
                .bind("id", id.value())
                .bind("channel", entered.channel().wireName())
                .bind("right", entered.person().right().wireName())
                .bind("on_behalf_of", onBehalfOf == null ? null : onBehalfOf.wireName())
                .bind("received", entered.receivedAt())
                .bind("entered", now)
                .bind("acknowledge_by", acknowledgeBy)
                .bind("acknowledged", entered.acknowledgedAt())
                .bind("language", contact == null ? null : contact.language().tag())
                .bind("contact", contactSealed)
                .execute();
    }

    static void insertRequests(Handle handle, CaseId id, List<RequestId> requests) {
        handle.createUpdate(INSERT_REQUESTS)
                .bind("id", id.value())
                .bindArray("requests", UUID.class, requests.stream().map(RequestId::value).toList())
                .execute();
    }

    /**
     * Sets where a person is told by mail, whatever was there.
     *
     * @param contact null: nowhere
     * @return whether the person is still known
     */
    static boolean setContact(
            Handle handle, CaseId id, @Nullable Contact contact, byte @Nullable [] sealed) {
        return handle.createUpdate(SET_CONTACT)
                        .bind("id", id.value())
                        .bind("language", contact == null ? null : contact.language().tag())
                        .bind("contact", sealed)
                        .execute()
                == 1;
    }

    static Optional<Addressee> addressee(Handle handle, CaseId id) {
        return handle.createQuery(ADDRESSEE)
                .bind("id", id.value())
                .map(
                        (row, context) ->
                                new Addressee(
                                        Language.ofTag(row.getString("language")).orElseThrow(),
                                        onBehalfOf(row),
                                        row.getBytes("contact_sealed"),
                                        row.getBoolean("acknowledged"),
                                        requests(row)))
                .findOne();
    }

    /** Whether it was not acknowledged before, and had come by then. */
    static boolean acknowledge(Handle handle, CaseId id, Instant at) {
        return handle.createUpdate(ACKNOWLEDGE).bind("id", id.value()).bind("at", at).execute()
                == 1;
    }

    static Optional<CaseView> find(Handle handle, CaseId id) {
        return handle.createQuery(FIND).bind("id", id.value()).map(CaseSql::view).findOne();
    }

    /** The same, which nobody else changes until the transaction ends. */
    static Optional<CaseView> findLocked(Handle handle, CaseId id) {
        handle.createQuery(LOCK).bind("id", id.value()).mapTo(UUID.class).findOne();
        return find(handle, id);
    }

    static List<CaseView> list(
            Handle handle, Cases.Filter filter, @Nullable UUID after, int limit) {
        boolean newest = filter.newestFirst();
        var request = filter.request();
        var which = new ArrayList<>(List.of("true"));
        if (filter.unacknowledged()) {
            which.add(UNACKNOWLEDGED);
        }
        if (filter.mailFailedBefore() != null) {
            which.add(MAIL_FAILED);
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
        if (filter.mailFailedBefore() != null) {
            query.bind("untried_since", filter.mailFailedBefore());
        }
        if (request != null) {
            query.bind("request", request.value());
        }
        return query.map(CaseSql::view).list();
    }

    private static CaseView view(ResultSet row, StatementContext context) throws SQLException {
        return new CaseView(
                new CaseId(row.getObject("id", UUID.class)),
                WireName.named(Channel.class, row.getString("channel")),
                WireName.named(Right.class, row.getString("asked_right")),
                onBehalfOf(row),
                row.getTimestamp("received_at").toInstant(),
                row.getTimestamp("entered_at").toInstant(),
                row.getTimestamp("acknowledge_by").toInstant(),
                Columns.instant(row, "acknowledged_at"),
                Language.ofTag(row.getString("language")).orElse(null),
                requests(row),
                List.of());
    }

    private static @Nullable OnBehalfOf onBehalfOf(ResultSet row) throws SQLException {
        var name = row.getString("on_behalf_of");
        return name == null ? null : WireName.named(OnBehalfOf.class, name);
    }

    private static List<RequestId> requests(ResultSet row) throws SQLException {
        return Arrays.stream((UUID[]) row.getArray("requests").getArray())
                .map(RequestId::new)
                .toList();
    }
}
