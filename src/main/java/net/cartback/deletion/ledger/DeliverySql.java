package net.cartback.deletion.ledger;

import net.cartback.deletion.registry.ClientSystemId;
import net.cartback.deletion.registry.MetaAppId;
import net.cartback.deletion.registry.Platform;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** SQL on {@code delivery} and {@code attempt}. Each method is one statement. */
final class DeliverySql {

    private DeliverySql() {}

    /** A delivery locked for a change. */
    record Locked(DeliveryId id, RequestId request, ClientSystemId system) {}

    /** A new schedule for a delivery under a lease. */
    record Schedule(
            UUID delivery,
            UUID lease,
            String state,
            @Nullable Instant at,
            @Nullable String reason) {}

    /**
     * Locks the systems that have something due and may be claimed from. Whoever holds them decides
     * alone how much room is left; another replica passes over them and comes back.
     *
     * <p>NO KEY UPDATE: a stronger lock would make every insert of a delivery wait for the claim.
     */
    static List<String> lockClaimableSystems(Handle handle, Instant now) {
        return handle.createQuery(
                        """
                        SELECT c.id
                          FROM client_system c
                         WHERE c.claimable_at <= :now
                           AND EXISTS (SELECT 1 FROM delivery d
                                        WHERE d.system_id = c.id
                                          AND d.state = 'pending'
                                          AND d.next_attempt_at <= :now)
                           FOR NO KEY UPDATE OF c SKIP LOCKED
                        """)
                .bind("now", now)
                .mapTo(String.class)
                .list();
    }

    /**
     * Takes what is due from locked systems: of each no more than its room, in turns between the
     * systems, so that a long queue does not push out a short one.
     *
     * <p>A statement of its own after the locks, because its snapshot must see what the holder
     * before us took.
     */
    static List<ClaimedDelivery> claim(
            Handle handle,
            List<String> systems,
            int atMost,
            UUID lease,
            Instant now,
            Duration leaseMargin) {
        return handle.createQuery(
                        """
                        WITH room AS (
                            SELECT c.id, c.timeout_ms,
                                   LEAST(:at_most,
                                         c.max_in_flight
                                         - (SELECT count(*) FROM delivery f
                                             WHERE f.system_id = c.id
                                               AND f.lease_id IS NOT NULL
                                               AND f.next_attempt_at > :now)) AS free
                              FROM client_system c
                             WHERE c.id = ANY (:systems)
                        ), candidate AS MATERIALIZED (
                            SELECT room.id AS system_id, room.timeout_ms, due.id,
                                   due.next_attempt_at
                              FROM room
                             CROSS JOIN LATERAL (
                                   SELECT d.id, d.next_attempt_at
                                     FROM delivery d
                                    WHERE d.system_id = room.id
                                      AND d.state = 'pending'
                                      AND d.next_attempt_at <= :now
                                    ORDER BY d.next_attempt_at
                                    LIMIT GREATEST(room.free, 0)
                                      FOR NO KEY UPDATE SKIP LOCKED) due
                        ), picked AS (
                            SELECT id, timeout_ms
                              FROM candidate
                             ORDER BY row_number() OVER (PARTITION BY system_id
                                                         ORDER BY next_attempt_at)
                             LIMIT :at_most
                        )
                        UPDATE delivery d
                           SET lease_id = :lease,
                               next_attempt_at = CAST(:now AS timestamptz)
                                   + (picked.timeout_ms + :margin_ms) * INTERVAL '1 ms',
                               attempts = d.attempts + 1
                          FROM picked, deletion_request r
                         WHERE d.id = picked.id
                           AND r.id = d.request_id
                        RETURNING d.id, d.request_id, d.system_id, d.attempts, r.app_id, r.platform,
                                  r.subject_sealed, r.requested_at, r.received_at, r.due_at
                        """)
                .bindArray("systems", String.class, systems)
                .bind("at_most", atMost)
                .bind("lease", lease)
                .bind("now", now)
                .bind("margin_ms", leaseMargin.toMillis())
                .map(
                        (row, context) ->
                                new ClaimedDelivery(
                                        new DeliveryId(row.getObject("id", UUID.class)),
                                        new RequestId(row.getObject("request_id", UUID.class)),
                                        new ClientSystemId(row.getString("system_id")),
                                        lease,
                                        row.getInt("attempts"),
                                        new MetaAppId(row.getString("app_id")),
                                        Platform.named(row.getString("platform")).orElseThrow(),
                                        row.getBytes("subject_sealed"),
                                        row.getTimestamp("requested_at").toInstant(),
                                        row.getTimestamp("received_at").toInstant(),
                                        row.getTimestamp("due_at").toInstant()))
                .list();
    }

    /** In the order of the ids, as everywhere, so that two batches cannot wait for each other. */
    static List<Locked> lock(Handle handle, List<UUID> deliveries) {
        return handle.createQuery(
                        """
                        SELECT id, request_id, system_id
                          FROM delivery
                         WHERE id = ANY (:deliveries)
                         ORDER BY id
                           FOR NO KEY UPDATE
                        """)
                .bindArray("deliveries", UUID.class, deliveries)
                .map(
                        (row, context) ->
                                new Locked(
                                        new DeliveryId(row.getObject("id", UUID.class)),
                                        new RequestId(row.getObject("request_id", UUID.class)),
                                        new ClientSystemId(row.getString("system_id"))))
                .list();
    }

    /** A batch that is written again after a lost connection finds its attempts there already. */
    static void insertAttempts(Handle handle, List<Settlement> settlements) {
        handle.createUpdate(
                        """
                        INSERT INTO attempt (delivery_id, number, lease_id, started_at, duration_ms,
                                             reply, error, status)
                        SELECT * FROM unnest(:deliveries, :numbers, :leases, :started, :durations,
                                             :replies, :errors, :statuses)
                        ON CONFLICT (delivery_id, number) DO NOTHING
                        """)
                .bindArray(
                        "deliveries",
                        UUID.class,
                        settlements.stream().map(each -> each.delivery().id().value()).toList())
                .bindArray(
                        "numbers",
                        Integer.class,
                        settlements.stream().map(each -> each.delivery().attempt()).toList())
                .bindArray(
                        "leases",
                        UUID.class,
                        settlements.stream().map(each -> each.delivery().leaseId()).toList())
                .bindArray(
                        "started",
                        Instant.class,
                        settlements.stream().map(each -> each.attempt().startedAt()).toList())
                .bindArray(
                        "durations",
                        Integer.class,
                        settlements.stream()
                                .map(each -> (int) each.attempt().duration().toMillis())
                                .toList())
                .bindArray(
                        "replies",
                        String.class,
                        settlements.stream().map(each -> each.attempt().reply()).toList())
                .bindArray(
                        "errors",
                        String.class,
                        settlements.stream().map(each -> each.attempt().error()).toList())
                .bindArray(
                        "statuses",
                        Integer.class,
                        settlements.stream().map(each -> each.attempt().status()).toList())
                .execute();
    }

    /**
     * A worker that stalled past its lease may find the delivery already sent again by another. Its
     * late schedule must not overwrite the newer one, so each applies under its own lease id only.
     */
    static void schedule(Handle handle, List<Schedule> schedules) {
        handle.createUpdate(
                        """
                        UPDATE delivery d
                           SET state = s.state, next_attempt_at = s.at, reason = s.reason,
                               lease_id = NULL
                          FROM unnest(:deliveries, :leases, :states, :ats, :reasons)
                               AS s (delivery_id, lease_id, state, at, reason)
                         WHERE d.id = s.delivery_id
                           AND d.lease_id = s.lease_id
                        """)
                .bindArray(
                        "deliveries",
                        UUID.class,
                        schedules.stream().map(Schedule::delivery).toList())
                .bindArray("leases", UUID.class, schedules.stream().map(Schedule::lease).toList())
                .bindArray("states", String.class, schedules.stream().map(Schedule::state).toList())
                .bindArray("ats", Instant.class, schedules.stream().map(Schedule::at).toList())
                .bindArray(
                        "reasons", String.class, schedules.stream().map(Schedule::reason).toList())
                .execute();
    }

    static void close(Handle handle, List<UUID> deliveries, List<Outcome> outcomes, Instant now) {
        handle.createUpdate(
                        """
                        UPDATE delivery d
                           SET state = 'closed', outcome = c.outcome, closed_at = :now,
                               next_attempt_at = NULL, lease_id = NULL, reason = NULL
                          FROM unnest(:deliveries, :outcomes) AS c (delivery_id, outcome)
                         WHERE d.id = c.delivery_id
                        """)
                .bindArray("deliveries", UUID.class, deliveries)
                .bindArray(
                        "outcomes", String.class, outcomes.stream().map(Outcome::wireName).toList())
                .bind("now", now)
                .execute();
    }

    static Optional<ClientSystemId> systemOf(Handle handle, DeliveryId delivery) {
        return handle.createQuery("SELECT system_id FROM delivery WHERE id = :id")
                .bind("id", delivery.value())
                .map((row, context) -> new ClientSystemId(row.getString("system_id")))
                .findOne();
    }
}
