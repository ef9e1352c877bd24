package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;

import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * SQL that takes deliveries out of the queue and puts them back.
 *
 * <p>The cost of a claim depends on the deliveries that it takes and on those in flight, not on the
 * length of the queue: every read of {@code delivery} walks a partial index from the point that the
 * last claim reached, and stops at a limit; see {@link DueMarks}. The walk passes over no other
 * rows than due deliveries under a legal hold.
 */
final class ClaimSql {

    private static final String LOCK_GATES =
            """
            -- 1. Systems whose gate is open, or due for a probe, and that have something due.
            WITH due AS MATERIALIZED (
                SELECT g.system_id
                  FROM system_gate g
                  LEFT JOIN unnest(:marked, :fresh_from, :retry_from)
                            AS m (system_id, fresh_from, retry_from)
                    ON m.system_id = g.system_id
                  LEFT JOIN LATERAL (SELECT true AS waits
                                       FROM fresh_delivery d
                                      WHERE d.system_id = g.system_id
                                        AND d.next_attempt_at <= :now
                                        AND d.next_attempt_at
                                            >= COALESCE(m.fresh_from, '-infinity')
                                      ORDER BY d.next_attempt_at
                                      LIMIT 1) fresh ON true
                  LEFT JOIN LATERAL (SELECT true AS waits
                                       FROM retry_delivery d
                                      WHERE d.system_id = g.system_id
                                        AND d.next_attempt_at <= :now
                                        AND d.next_attempt_at
                                            >= COALESCE(m.retry_from, '-infinity')
                                      ORDER BY d.next_attempt_at
                                      LIMIT 1) retry ON true
                 WHERE g.claimable_at <= :now
                   AND (fresh.waits OR retry.waits)
            -- 2. Those that no other replica has locked.
            ), locked AS MATERIALIZED (
                SELECT g.system_id
                  FROM system_gate g
                 WHERE g.system_id IN (SELECT system_id FROM due)
                   AND g.claimable_at <= :now
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            SELECT due.system_id, locked.system_id IS NOT NULL AS locked
              FROM due
              LEFT JOIN locked ON locked.system_id = due.system_id
            """;

    private static final String CLAIM =
            """
            -- 1. What is in flight to each system, how long its rate lasts for one call, and from
            --    when on the rate is free: what lies too far ahead was written by a wrong clock,
            --    and what was not used is saved up for a moment only.
            WITH gate AS (
                SELECT g.system_id, c.timeout_ms, c.max_in_flight, flying.calls, flying.retries,
                       COALESCE(g.held_reason <> 'rate', false) AS probe,
                       here.share, here.fresh_from, here.retry_from,
                       pace.seconds AS pace_s,
                       GREATEST(CASE WHEN g.rate_used_until > :rate_ahead THEN '-infinity'
                                     ELSE g.rate_used_until END,
                                :now - GREATEST(:saved_s * INTERVAL '1 s',
                                                pace.seconds * INTERVAL '1 s'))
                           AS paced_from
                  FROM unnest(:systems, :shares, :fresh_from, :retry_from)
                       AS here (system_id, share, fresh_from, retry_from)
                  JOIN system_gate g ON g.system_id = here.system_id
                  JOIN client_system c ON c.id = g.system_id
                 CROSS JOIN LATERAL (
                       SELECT CAST(:minute_s AS numeric) / c.rate_per_minute AS seconds) pace
                 CROSS JOIN LATERAL (
                       SELECT count(*)::int AS calls,
                              (count(*) FILTER (WHERE f.step > 0))::int AS retries
                         FROM delivery f
                        WHERE f.system_id = g.system_id
                          AND f.lease_id IS NOT NULL
                          -- What ended before is swept, or dead in the index.
                          AND f.next_attempt_at > :leases_from) flying
            -- 2. How many each system may get: a probe is alone, and a part of the calls is kept
            --    free of retries.
            ), room AS MATERIALIZED (
                SELECT system_id, timeout_ms, probe, pace_s, paced_from, tokens,
                       fresh_from, retry_from,
                       GREATEST(0, LEAST(CASE WHEN probe THEN 1 ELSE share END,
                                         share, max_in_flight - calls, tokens))
                           AS free,
                       GREATEST(0, CASE WHEN probe THEN 1 ELSE
                                max_in_flight
                                - CASE WHEN max_in_flight = 1 THEN 0
                                       ELSE GREATEST(1, max_in_flight / :fresh_part) END
                                - retries END)
                           AS free_for_retries
                  FROM gate
                 CROSS JOIN LATERAL (
                       SELECT floor(EXTRACT(EPOCH FROM :now - paced_from) / pace_s
                                    + CAST(:rounding AS numeric))::int AS tokens) pace
            -- 3. The next of each queue, as many as there is room for.
            ), fresh AS MATERIALIZED (
                SELECT room.system_id, due.id, due.next_attempt_at
                  FROM room
                 CROSS JOIN LATERAL (
                       SELECT d.id, d.next_attempt_at
                         FROM fresh_delivery d
                        WHERE d.system_id = room.system_id
                          AND d.next_attempt_at <= :now
                          AND d.next_attempt_at >= COALESCE(room.fresh_from, '-infinity')
                          AND NOT d.held
                        ORDER BY d.next_attempt_at
                        LIMIT room.free
                          FOR NO KEY UPDATE SKIP LOCKED) due
            ), retry AS MATERIALIZED (
                SELECT room.system_id, due.id, due.next_attempt_at
                  FROM room
                 CROSS JOIN LATERAL (
                       SELECT d.id, d.next_attempt_at
                         FROM retry_delivery d
                        WHERE d.system_id = room.system_id
                          AND d.next_attempt_at <= :now
                          AND d.next_attempt_at >= COALESCE(room.retry_from, '-infinity')
                          AND NOT d.held
                        ORDER BY d.next_attempt_at
                        LIMIT LEAST(room.free, room.free_for_retries)
                          FOR NO KEY UPDATE SKIP LOCKED) due
            -- 4. Turns within a system: three fresh ones, then a retry.
            ), turn AS (
                SELECT system_id, id,
                       :fresh_turn * row_number() OVER (PARTITION BY system_id
                                                        ORDER BY next_attempt_at) AS turn
                  FROM fresh
                 UNION ALL
                SELECT system_id, id,
                       :retry_turn * row_number() OVER (PARTITION BY system_id
                                                        ORDER BY next_attempt_at) + 1
                  FROM retry
            ), place AS (
                SELECT system_id, id,
                       row_number() OVER (PARTITION BY system_id ORDER BY turn) AS place
                  FROM turn
            -- 5. Turns between the systems: the first of each, then the second of each.
            ), picked AS MATERIALIZED (
                SELECT place.id, place.system_id, room.timeout_ms, room.probe
                  FROM place
                  JOIN room ON room.system_id = place.system_id
                 WHERE place.place <= room.free
                 ORDER BY place.place
                 LIMIT :at_most
            -- 6. The gates: what is used of the rate, and until when they are closed.
            ), passed AS (
                UPDATE system_gate g
                   SET rate_used_until = room.paced_from
                           + taken.deliveries * room.pace_s * INTERVAL '1 s',
                       claimable_at = CASE
                           WHEN room.probe
                           THEN :now + (room.timeout_ms + :margin_ms) * INTERVAL '1 ms'
                           WHEN taken.deliveries = room.tokens
                           THEN room.paced_from + (taken.deliveries + 1)
                                    * room.pace_s * INTERVAL '1 s'
                           ELSE '-infinity' END,
                       held_reason = CASE
                           WHEN room.probe THEN g.held_reason
                           WHEN taken.deliveries = room.tokens THEN 'rate' END,
                       probe_lease = CASE WHEN room.probe THEN CAST(:lease AS uuid) END
                  FROM (SELECT system_id, count(*) AS deliveries
                          FROM picked
                         GROUP BY system_id) taken
                  JOIN room ON room.system_id = taken.system_id
                 WHERE g.system_id = room.system_id
            )
            -- 7. The leases.
            UPDATE delivery d
               SET lease_id = :lease,
                   next_attempt_at = :now + (picked.timeout_ms + :margin_ms) * INTERVAL '1 ms',
                   attempts = d.attempts + 1
              FROM picked, deletion_request r
             WHERE d.id = picked.id
               AND r.id = d.request_id
            RETURNING d.id, d.request_id, d.system_id, d.attempts, d.step,
                      old.next_attempt_at AS was_due_at, picked.probe,
                      r.kind, r.app_id, r.platform, r.id_type, r.subject_sealed,
                      r.requested_at, r.received_at, r.due_at
            """;

    /** A rate's deliveries of one minute take this many seconds, so no 60 s exceed the rate. */
    private static final BigDecimal RATE_MINUTE_S = new BigDecimal("62.0");

    /** Unused rate is saved up for this many seconds, or for one call's time if longer. */
    private static final int SAVED_S = 2;

    /** No rate is used up further into the future than this. */
    private static final Duration RATE_AHEAD = Duration.ofSeconds(64);

    /** Keeps a rounding error from refusing a call that the rate allows. */
    private static final BigDecimal ROUNDING = new BigDecimal("0.000001");

    /** A lease that ended longer ago than this no longer counts as in flight. */
    private static final Duration LEASES_BACK = Duration.ofMinutes(1);

    /** One in this many calls is reserved for first attempts. */
    private static final int FRESH_PART = 4;

    /** A retry has its turn after three fresh ones. */
    private static final int FRESH_TURN = 4;

    private static final int RETRY_TURN = 12;

    private static final String HAND_BACK =
            """
            WITH unsent AS MATERIALIZED (
                SELECT id FROM delivery
                 WHERE lease_id = :lease
                   AND id = ANY (:deliveries)
                 ORDER BY id
                   FOR NO KEY UPDATE
            )
            UPDATE delivery d
               SET lease_id = NULL, next_attempt_at = :now, attempts = d.attempts - 1
              FROM unsent
             WHERE d.id = unsent.id
            """;

    private static final String LEASED_UNDER =
            "SELECT id FROM delivery WHERE lease_id IS NOT NULL AND lease_id = :lease";

    private static final String HAND_BACK_PROBE =
            """
            UPDATE system_gate SET claimable_at = :now, probe_lease = NULL
             WHERE probe_lease = :lease
            """;

    private ClaimSql() {}

    /** A delivery that was taken, and when it was due. */
    record LeasedDelivery(Instant wasDueAt, ClaimedDelivery delivery) {}

    /** A system with something due whose gate is open, or due for a probe. */
    record Claimable(String system, boolean locked) {}

    /**
     * Locks the gates of systems with due deliveries, if the gate is open or due for a probe. Only
     * the replica that holds a gate decides how much room is left. Another replica skips that gate,
     * and learns of it so that it claims again soon.
     */
    static List<Claimable> lockGates(Handle handle, DueMarks.From from, Instant now) {
        return handle.createQuery(LOCK_GATES)
                .bind("marked", marked(from))
                .bind("fresh_from", marks(from, from.fresh()))
                .bind("retry_from", marks(from, from.retries()))
                .bind("now", now)
                .map(
                        (row, context) ->
                                new Claimable(row.getString("system_id"), row.getBoolean("locked")))
                .list();
    }

    /**
     * Takes due deliveries through locked gates. Each system gets no more than its room, and the
     * systems take turns, so that a long queue does not push out a short one. Within a system, one
     * delivery in four is a retry while both kinds wait, and a quarter of its room is kept free of
     * retries.
     *
     * <p>The room of a system is the least of three numbers: what {@code max_in_flight} leaves,
     * what its rate leaves, and its share of the free calls of this replica. A held system gets one
     * delivery, as a probe. The rate is stored as the instant up to which it is used. Deliveries
     * under a legal hold are skipped.
     *
     * <p>This is a separate statement after the locks, because its snapshot must include the
     * deliveries that the previous holder of the gate took.
     *
     * @param share how many deliveries of each system may start here
     */
    static List<LeasedDelivery> claim(
            Handle handle,
            List<String> systems,
            DueMarks.From from,
            int atMost,
            ToIntFunction<ClientSystemId> share,
            UUID lease,
            Instant now,
            Duration leaseMargin) {
        return handle.createQuery(CLAIM)
                .bindArray("systems", String.class, systems)
                .bindArray(
                        "shares",
                        Integer.class,
                        systems.stream()
                                .map(each -> share.applyAsInt(new ClientSystemId(each)))
                                .toList())
                .bind("fresh_from", marksOf(systems, from.fresh()))
                .bind("retry_from", marksOf(systems, from.retries()))
                .bind("at_most", atMost)
                .bind("lease", lease)
                .bind("now", now)
                .bind("margin_ms", leaseMargin.toMillis())
                .bind("minute_s", RATE_MINUTE_S)
                .bind("saved_s", SAVED_S)
                .bind("rate_ahead", now.plus(RATE_AHEAD))
                .bind("rounding", ROUNDING)
                .bind("leases_from", now.minus(LEASES_BACK))
                .bind("fresh_part", FRESH_PART)
                .bind("fresh_turn", FRESH_TURN)
                .bind("retry_turn", RETRY_TURN)
                .map(
                        (row, context) ->
                                new LeasedDelivery(
                                        row.getTimestamp("was_due_at").toInstant(),
                                        new ClaimedDelivery(
                                                new DeliveryId(row.getObject("id", UUID.class)),
                                                new RequestId(
                                                        row.getObject("request_id", UUID.class)),
                                                new ClientSystemId(row.getString("system_id")),
                                                lease,
                                                row.getInt("attempts"),
                                                row.getInt("step"),
                                                row.getBoolean("probe"),
                                                WireName.named(Kind.class, row.getString("kind")),
                                                new MetaAppId(row.getString("app_id")),
                                                Platform.named(row.getString("platform"))
                                                        .orElseThrow(),
                                                idType(row),
                                                row.getBytes("subject_sealed"),
                                                row.getTimestamp("requested_at").toInstant(),
                                                row.getTimestamp("received_at").toInstant(),
                                                row.getTimestamp("due_at").toInstant())))
                .list();
    }

    private static @Nullable IdType idType(ResultSet row) throws SQLException {
        var type = row.getString("id_type");
        return type == null ? null : WireName.named(IdType.class, type);
    }

    private static Argument marked(DueMarks.From from) {
        return array("text", systems(from), ClientSystemId::value);
    }

    private static Argument marks(DueMarks.From from, Map<ClientSystemId, Instant> marks) {
        return array("timestamptz", systems(from), marks::get);
    }

    private static Argument marksOf(List<String> systems, Map<ClientSystemId, Instant> marks) {
        return array("timestamptz", systems, each -> marks.get(new ClientSystemId(each)));
    }

    private static List<ClientSystemId> systems(DueMarks.From from) {
        return Stream.concat(from.fresh().keySet().stream(), from.retries().keySet().stream())
                .distinct()
                .toList();
    }

    /** What was claimed under a lease and not sent becomes due again; no attempt was made. */
    static int handBack(Handle handle, UUID lease, List<UUID> deliveries, Instant now) {
        return handle.createUpdate(HAND_BACK)
                .bind("lease", lease)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .execute();
    }

    /** Everything that is leased under this id: looks at what is in flight, which is little. */
    static List<UUID> leasedUnder(Handle handle, UUID lease) {
        return handle.createQuery(LEASED_UNDER).bind("lease", lease).mapTo(UUID.class).list();
    }

    /** A probe that was not sent may be sent at once. */
    static void handBackProbe(Handle handle, UUID lease, Instant now) {
        handle.createUpdate(HAND_BACK_PROBE).bind("lease", lease).bind("now", now).execute();
    }
}
