package net.cartback.deletion.recording;

import net.cartback.deletion.registry.Subscription;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** SQL that gives open requests the deliveries they lack. */
final class BackfillSql {

    private static final String REMEMBER =
            """
            INSERT INTO backfill (app_id, system_id)
            SELECT * FROM unnest(:apps, :systems)
            """;

    private static final String WAITING =
            """
            SELECT id, app_id, system_id, filled,
                   COALESCE(up_to < pg_snapshot_xmin(pg_current_snapshot()), false)
                       AS rest
              FROM backfill
             ORDER BY id
            """;

    private static final String FILLED = "UPDATE backfill SET filled = true WHERE id = :id";

    private static final String NOTE_TRANSACTIONS =
            """
            UPDATE backfill
               SET up_to = pg_current_xact_id()
             WHERE filled AND up_to IS NULL
               AND subscribed_at < clock_timestamp() - :longest * INTERVAL '1 ms'
            """;

    private static final String FILL =
            """
            WITH lacking AS MATERIALIZED (
                SELECT r.id, r.kind, r.found_by
                  FROM deletion_request r
                 WHERE r.app_id = :app
                   AND r.closed_at IS NULL
                   AND r.kind <> 'deauthorization'
                   AND r.id > COALESCE(:after,
                               CAST('00000000-0000-0000-0000-000000000000' AS uuid))
                 ORDER BY r.id
                 LIMIT :at_most
                   FOR NO KEY UPDATE
            ), created AS (
                INSERT INTO delivery
                       (id, request_id, system_id, state, next_attempt_at, created_at)
                SELECT uuidv7(), lacking.id, s.system_id, 'pending', :now, :now
                  FROM lacking
                  JOIN subscriber s
                    ON s.app_id = :app AND s.system_id = :system AND s.event = lacking.kind
                   AND (lacking.found_by IS NULL OR s.accepts && lacking.found_by)
                ON CONFLICT (request_id, system_id, round) DO NOTHING
                RETURNING request_id
            ), counted AS (
                UPDATE deletion_request r
                   SET open_deliveries = r.open_deliveries + 1
                  FROM created
                 WHERE r.id = created.request_id
            )
            SELECT (SELECT id FROM lacking ORDER BY id DESC LIMIT 1) AS last,
                   (SELECT count(*) FROM created) AS created
            """;

    private static final String DONE = "DELETE FROM backfill WHERE id = :id";

    private BackfillSql() {}

    /**
     * A subscription whose app may still have open requests without it.
     *
     * @param filled whether the requests that were open at first have been filled
     * @param rest whether all transactions that may not have seen the subscription have ended
     */
    record Waiting(UUID id, Subscription subscription, boolean filled, boolean rest) {}

    /** How far one batch got: the last request that it looked at, and how many it filled up. */
    record Batch(UUID last, int created) {}

    static void remember(Handle handle, Collection<Subscription> subscriptions) {
        handle.createUpdate(REMEMBER)
                .bindArray(
                        "apps",
                        String.class,
                        subscriptions.stream().map(each -> each.app().value()).toList())
                .bindArray(
                        "systems",
                        String.class,
                        subscriptions.stream().map(each -> each.system().value()).toList())
                .execute();
    }

    static List<Waiting> waiting(Handle handle) {
        return handle.createQuery(WAITING)
                .map(
                        (row, context) ->
                                new Waiting(
                                        row.getObject("id", UUID.class),
                                        Subscription.of(
                                                row.getString("app_id"),
                                                row.getString("system_id")),
                                        row.getBoolean("filled"),
                                        row.getBoolean("rest")))
                .list();
    }

    static void filled(Handle handle, Waiting waiting) {
        handle.createUpdate(FILLED).bind("id", waiting.id()).execute();
    }

    /**
     * Notes the highest number of a transaction that may not have seen a subscription. A statement
     * that began before the subscription was committed, and writes later, has its transaction
     * number after {@code longestStatement} at the latest. A transaction with a number has ended
     * when the oldest snapshot has passed that number, whatever the transaction waits for.
     */
    static void noteTransactions(Handle handle, Duration longestStatement) {
        handle.createUpdate(NOTE_TRANSACTIONS)
                .bind("longest", longestStatement.toMillis())
                .execute();
    }

    /**
     * Fills up the next open requests after this one, in the order of their ids, and counts the new
     * deliveries on them. Empty if there are none left.
     */
    static Optional<Batch> fill(
            Handle handle,
            Subscription subscription,
            @Nullable UUID after,
            int atMost,
            Instant now) {
        return handle.createQuery(FILL)
                .bind("app", subscription.app().value())
                .bind("system", subscription.system().value())
                .bind("after", after)
                .bind("at_most", atMost)
                .bind("now", now)
                .map(
                        (row, context) -> {
                            var last = row.getObject("last", UUID.class);
                            return last == null
                                    ? Optional.<Batch>empty()
                                    : Optional.of(new Batch(last, row.getInt("created")));
                        })
                .one();
    }

    static void done(Handle handle, Waiting waiting) {
        handle.createUpdate(DONE).bind("id", waiting.id()).execute();
    }
}
