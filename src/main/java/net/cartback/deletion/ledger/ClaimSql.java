package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;

import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * SQL that takes deliveries out of the queue and puts them back. Each method is one statement.
 *
 * <p>What a claim reads depends on what it takes and on what is in flight, not on what waits: every
 * read of {@code delivery} walks a partial index from where the last claim came to, and ends at a
 * limit; see {@link DueMarks}. Only what is due and under a legal hold is walked over.
 */
final class ClaimSql {

    private ClaimSql() {}

    /** A delivery that was taken, and when it was due. */
    record Taken(Instant wasDueAt, ClaimedDelivery delivery) {}

    /** A system with something due whose gate is open, or due for a probe. */
    record Claimable(String system, boolean locked) {}

    /**
     * Locks the gates that are open, or due for a probe, of systems that have something due.
     * Whoever holds a gate decides alone how much room is left; another replica passes over it, and
     * is told so that it comes back soon.
     */
    static List<Claimable> lockGates(Handle handle, DueMarks.From from, Instant now) {
        return handle.createQuery(
                        """
                        WITH due AS MATERIALIZED (
                            SELECT g.system_id
                              FROM system_gate g
                              LEFT JOIN unnest(:marked, :fresh_from, :retry_from)
                                        AS m (system_id, fresh_from, retry_from)
                                ON m.system_id = g.system_id
                              LEFT JOIN LATERAL (SELECT true AS waits
                                                   FROM delivery d
                                                  WHERE d.system_id = g.system_id
                                                    AND d.state = 'pending'
                                                    AND d.lease_id IS NULL
                                                    AND d.step = 0
                                                    AND d.next_attempt_at <= :now
                                                    AND d.next_attempt_at
                                                        >= COALESCE(m.fresh_from, '-infinity')
                                                  ORDER BY d.next_attempt_at
                                                  LIMIT 1) fresh ON true
                              LEFT JOIN LATERAL (SELECT true AS waits
                                                   FROM delivery d
                                                  WHERE d.system_id = g.system_id
                                                    AND d.state = 'pending'
                                                    AND d.lease_id IS NULL
                                                    AND d.step > 0
                                                    AND d.next_attempt_at <= :now
                                                    AND d.next_attempt_at
                                                        >= COALESCE(m.retry_from, '-infinity')
                                                  ORDER BY d.next_attempt_at
                                                  LIMIT 1) retry ON true
                             WHERE g.claimable_at <= :now
                               AND (fresh.waits OR retry.waits)
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
                        """)
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
     * Takes what is due through locked gates: of each system no more than its room, in turns
     * between the systems, so that a long queue does not push out a short one. Of one system, one
     * in four is a retry where both wait, and a quarter of its room is kept free of retries.
     *
     * <p>A system's room is the least of what {@code max_in_flight} and its rate leave, and its
     * share of what is free here. A system that is held gets one, as a probe. The rate is kept as
     * the instant up to which it is used: 62 s of it for each minute's worth, and up to 2 s saved
     * up, so that no 60 s see more than {@code rate_per_minute}. One that lies further ahead was
     * written by a clock that was wrong, and does not count. What is under a legal hold is passed
     * over.
     *
     * <p>A statement of its own after the locks, because its snapshot must see what the holder
     * before us took.
     *
     * @param share how many deliveries of each system may start here
     */
    static List<Taken> claim(
            Handle handle,
            List<String> systems,
            DueMarks.From from,
            int atMost,
            ToIntFunction<ClientSystemId> share,
            UUID lease,
            Instant now,
            Duration leaseMargin) {
        return handle.createQuery(
                        """
                        WITH gate AS (
                            SELECT g.system_id, c.timeout_ms, c.max_in_flight, flying.calls,
                                   flying.retries,
                                   COALESCE(g.held_reason <> 'rate', false) AS probe,
                                   here.share, here.fresh_from, here.retry_from,
                                   pace.seconds AS pace_s,
                                   GREATEST(CASE WHEN g.rate_used_until
                                                      > :now + INTERVAL '64 s'
                                                 THEN '-infinity'
                                                 ELSE g.rate_used_until END,
                                            :now - GREATEST(INTERVAL '2 s',
                                                            pace.seconds * INTERVAL '1 s'))
                                       AS paced_from
                              FROM unnest(:systems, :shares, :fresh_from, :retry_from)
                                   AS here (system_id, share, fresh_from, retry_from)
                              JOIN system_gate g ON g.system_id = here.system_id
                              JOIN client_system c ON c.id = g.system_id
                             CROSS JOIN LATERAL (SELECT 62.0 / c.rate_per_minute AS seconds) pace
                             CROSS JOIN LATERAL (
                                   SELECT count(*)::int AS calls,
                                          (count(*) FILTER (WHERE f.step > 0))::int AS retries
                                     FROM delivery f
                                    WHERE f.system_id = g.system_id
                                      AND f.lease_id IS NOT NULL
                                      -- What ended before is swept, or dead in the index.
                                      AND f.next_attempt_at > :now - INTERVAL '1 minute') flying
                        ), room AS MATERIALIZED (
                            SELECT system_id, timeout_ms, probe, pace_s, paced_from, tokens,
                                   fresh_from, retry_from,
                                   GREATEST(0, LEAST(CASE WHEN probe THEN 1 ELSE share END,
                                                     share, max_in_flight - calls, tokens))
                                       AS free,
                                   GREATEST(0, CASE WHEN probe THEN 1 ELSE
                                            max_in_flight
                                            - CASE WHEN max_in_flight = 1 THEN 0
                                                   ELSE GREATEST(1, max_in_flight / 4) END
                                            - retries END)
                                       AS free_for_retries
                              FROM gate
                             CROSS JOIN LATERAL (
                                   SELECT floor(EXTRACT(EPOCH FROM :now - paced_from) / pace_s
                                                + 0.000001)::int AS tokens) pace
                        ), fresh AS MATERIALIZED (
                            SELECT room.system_id, due.id, due.next_attempt_at
                              FROM room
                             CROSS JOIN LATERAL (
                                   SELECT d.id, d.next_attempt_at
                                     FROM delivery d
                                    WHERE d.system_id = room.system_id
                                      AND d.state = 'pending'
                                      AND d.lease_id IS NULL
                                      AND d.step = 0
                                      AND d.next_attempt_at <= :now
                                      AND d.next_attempt_at
                                          >= COALESCE(room.fresh_from, '-infinity')
                                      AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                       WHERE h.request_id = d.request_id)
                                    ORDER BY d.next_attempt_at
                                    LIMIT room.free
                                      FOR NO KEY UPDATE SKIP LOCKED) due
                        ), retry AS MATERIALIZED (
                            SELECT room.system_id, due.id, due.next_attempt_at
                              FROM room
                             CROSS JOIN LATERAL (
                                   SELECT d.id, d.next_attempt_at
                                     FROM delivery d
                                    WHERE d.system_id = room.system_id
                                      AND d.state = 'pending'
                                      AND d.lease_id IS NULL
                                      AND d.step > 0
                                      AND d.next_attempt_at <= :now
                                      AND d.next_attempt_at
                                          >= COALESCE(room.retry_from, '-infinity')
                                      AND NOT EXISTS (SELECT 1 FROM legal_hold h
                                                       WHERE h.request_id = d.request_id)
                                    ORDER BY d.next_attempt_at
                                    LIMIT LEAST(room.free, room.free_for_retries)
                                      FOR NO KEY UPDATE SKIP LOCKED) due
                        ), turn AS (
                            SELECT system_id, id,
                                   4 * row_number() OVER (PARTITION BY system_id
                                                          ORDER BY next_attempt_at) AS turn
                              FROM fresh
                             UNION ALL
                            SELECT system_id, id,
                                   12 * row_number() OVER (PARTITION BY system_id
                                                           ORDER BY next_attempt_at) + 1
                              FROM retry
                        ), place AS (
                            SELECT system_id, id,
                                   row_number() OVER (PARTITION BY system_id ORDER BY turn)
                                       AS place
                              FROM turn
                        ), picked AS MATERIALIZED (
                            SELECT place.id, place.system_id, room.timeout_ms, room.probe
                              FROM place
                              JOIN room ON room.system_id = place.system_id
                             WHERE place.place <= room.free
                             ORDER BY place.place
                             LIMIT :at_most
                        ), passed AS (
                            UPDATE system_gate g
                               SET rate_used_until = room.paced_from
                                       + taken.deliveries * room.pace_s * INTERVAL '1 s',
                                   claimable_at = CASE
                                       WHEN room.probe
                                       THEN :now + (room.timeout_ms + :margin_ms)
                                                   * INTERVAL '1 ms'
                                       WHEN taken.deliveries = room.tokens
                                       THEN room.paced_from + (taken.deliveries + 1)
                                                * room.pace_s * INTERVAL '1 s'
                                       ELSE '-infinity' END,
                                   held_reason = CASE
                                       WHEN room.probe THEN g.held_reason
                                       WHEN taken.deliveries = room.tokens THEN 'rate' END,
                                   probe_lease = CASE WHEN room.probe THEN :lease END
                              FROM (SELECT system_id, count(*) AS deliveries
                                      FROM picked
                                     GROUP BY system_id) taken
                              JOIN room ON room.system_id = taken.system_id
                             WHERE g.system_id = room.system_id
                        )
                        UPDATE delivery d
                           SET lease_id = :lease,
                               next_attempt_at = :now
                                   + (picked.timeout_ms + :margin_ms) * INTERVAL '1 ms',
                               attempts = d.attempts + 1
                          FROM picked, deletion_request r
                         WHERE d.id = picked.id
                           AND r.id = d.request_id
                        RETURNING d.id, d.request_id, d.system_id, d.attempts, d.step,
                                  old.next_attempt_at AS was_due_at,
                                  picked.probe, r.kind, r.app_id, r.platform, r.id_type, r.subject_sealed, r.requested_at, r.received_at,
                                  r.due_at
                        """
                                .replace(":now", "CAST(:now AS timestamptz)")
                                .replace(":lease", "CAST(:lease AS uuid)"))
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
                .map(
                        (row, context) ->
                                new Taken(
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
                                                WireName.named(
                                                        IdType.class, row.getString("id_type")),
                                                row.getBytes("subject_sealed"),
                                                row.getTimestamp("requested_at").toInstant(),
                                                row.getTimestamp("received_at").toInstant(),
                                                row.getTimestamp("due_at").toInstant())))
                .list();
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
        return handle.createUpdate(
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
                        """)
                .bind("lease", lease)
                .bindArray("deliveries", UUID.class, deliveries)
                .bind("now", now)
                .execute();
    }

    /** Everything that is leased under this id: looks at what is in flight, which is little. */
    static List<UUID> leasedUnder(Handle handle, UUID lease) {
        return handle.createQuery(
                        "SELECT id FROM delivery WHERE lease_id IS NOT NULL AND lease_id = :lease")
                .bind("lease", lease)
                .mapTo(UUID.class)
                .list();
    }

    /** A probe that was not sent may be sent at once. */
    static void handBackProbe(Handle handle, UUID lease, Instant now) {
        handle.createUpdate(
                        """
                        UPDATE system_gate SET claimable_at = :now, probe_lease = NULL
                         WHERE probe_lease = :lease
                        """)
                .bind("lease", lease)
                .bind("now", now)
                .execute();
    }
}
