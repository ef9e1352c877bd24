package net.cartback.deletion.mail;

import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** SQL on {@code mail}. */
final class OutboxSql {

    private static final String INSERT =
            """
            INSERT INTO mail (id, case_id, occasion, request_id, created_at, next_attempt_at)
            VALUES (uuidv7(), :case, :occasion, :request, :now, :now)
            ON CONFLICT (case_id, occasion, request_id) WHERE next_attempt_at IS NOT NULL
                DO NOTHING
            """;

    /** Until it is to be tried again, nobody else takes it: this is the lease. */
    private static final String CLAIM =
            """
            UPDATE mail
               SET next_attempt_at = :lease_ends, attempts = attempts + 1
             WHERE id = (SELECT id FROM mail
                          WHERE next_attempt_at <= :now
                          ORDER BY next_attempt_at, id
                          LIMIT 1
                            FOR UPDATE SKIP LOCKED)
            RETURNING id, case_id, occasion, request_id, attempts
            """;

    /** Nobody changes where its person is told, until the transaction ends. */
    private static final String LOCK_CASE =
            """
            SELECT c.id
              FROM person_case c
              JOIN mail m ON m.case_id = c.id
             WHERE m.id = :id
               FOR NO KEY UPDATE OF c
            """;

    /** One that was withdrawn while it was on its way was sent all the same, but not in vain. */
    private static final String TAKEN =
            """
            UPDATE mail
               SET sent_at = :now, told = :told, next_attempt_at = NULL,
                   error = CASE WHEN error = 'withdrawn' THEN error END
             WHERE id = :id AND sent_at IS NULL
            RETURNING error IS NULL
            """;

    private static final String NOT_TAKEN =
            """
            UPDATE mail
               SET next_attempt_at = :next, error = :error
             WHERE id = :id AND attempts = :attempt AND next_attempt_at IS NOT NULL
            """;

    private static final String REMOVE =
            """
            DELETE FROM mail
             WHERE id = :id AND attempts = :attempt AND next_attempt_at IS NOT NULL
            """;

    private static final String WITHDRAW =
            """
            UPDATE mail
               SET next_attempt_at = NULL, error = 'withdrawn'
             WHERE case_id = :case AND occasion = ANY (:occasions) AND sent_at IS NULL
            """;

    private static final String OF_CASES =
            """
            SELECT case_id, occasion, request_id, created_at, attempts, next_attempt_at, sent_at, error
              FROM mail
             WHERE case_id = ANY (:cases)
             ORDER BY id
            """;

    private OutboxSql() {}

    /**
     * @param request null: it tells of all of the case
     */
    static void insert(
            Handle handle,
            UUID caseId,
            Occasion occasion,
            @Nullable RequestId request,
            Instant now) {
        handle.createUpdate(INSERT)
                .bind("case", caseId)
                .bind("occasion", occasion.wireName())
                .bind("request", request == null ? null : request.value())
                .bind("now", now)
                .execute();
    }

    static @Nullable Mail claim(Handle handle, Instant now, Instant leaseEnds) {
        return handle.createQuery(CLAIM)
                .bind("now", now)
                .bind("lease_ends", leaseEnds)
                .map(
                        (row, context) ->
                                new Mail(
                                        row.getObject("id", UUID.class),
                                        row.getObject("case_id", UUID.class),
                                        WireName.named(Occasion.class, row.getString("occasion")),
                                        request(row),
                                        row.getInt("attempts")))
                .findOne()
                .orElse(null);
    }

    /**
     * Whether it was not noted before, and was still to be sent.
     *
     * @param told a digest of what it told; null: it tells of nothing that can change
     */
    static boolean taken(Handle handle, UUID id, @Nullable String told, Instant now) {
        handle.createQuery(LOCK_CASE).bind("id", id).mapTo(UUID.class).findOne();
        return handle.createQuery(TAKEN)
                .bind("id", id)
                .bind("told", told)
                .bind("now", now)
                .mapTo(Boolean.class)
                .findOne()
                .orElse(false);
    }

    /** Removes it, as there is nothing to tell now. */
    static void remove(Handle handle, Mail mail) {
        handle.createUpdate(REMOVE).bind("id", mail.id()).bind("attempt", mail.attempt()).execute();
    }

    /** Those of these occasions that were not sent are not tried again. */
    static void withdraw(Handle handle, UUID caseId, Collection<Occasion> occasions) {
        handle.createUpdate(WITHDRAW)
                .bind("case", caseId)
                .bindArray(
                        "occasions",
                        String.class,
                        occasions.stream().map(Occasion::wireName).toList())
                .execute();
    }

    /**
     * Notes why it was not taken.
     *
     * @param next when it is tried again; null: never
     */
    static void notTaken(Handle handle, Mail mail, MailError error, @Nullable Instant next) {
        handle.createUpdate(NOT_TAKEN)
                .bind("id", mail.id())
                .bind("attempt", mail.attempt())
                .bind("error", error.wireName())
                .bind("next", next)
                .execute();
    }

    static List<MailView> ofCases(Handle handle, Collection<UUID> cases) {
        return handle.createQuery(OF_CASES)
                .bindArray("cases", UUID.class, cases)
                .map(
                        (row, context) -> {
                            var error = row.getString("error");
                            return new MailView(
                                    row.getObject("case_id", UUID.class),
                                    WireName.named(Occasion.class, row.getString("occasion")),
                                    request(row),
                                    row.getTimestamp("created_at").toInstant(),
                                    row.getInt("attempts"),
                                    Columns.instant(row, "next_attempt_at"),
                                    Columns.instant(row, "sent_at"),
                                    error == null
                                            ? null
                                            : Objects.requireNonNull(
                                                    WireName.named(MailError.class, error)));
                        })
                .list();
    }

    private static @Nullable RequestId request(ResultSet row) throws SQLException {
        var request = row.getObject("request_id", UUID.class);
        return request == null ? null : new RequestId(request);
    }
}
