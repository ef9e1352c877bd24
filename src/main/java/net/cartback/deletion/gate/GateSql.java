package net.cartback.deletion.gate;

import static net.cartback.deletion.storage.Columns.array;

import static java.util.stream.Collectors.toMap;

import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.terms.ClientSystemId;

import org.jdbi.v3.core.Handle;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** SQL on {@code system_gate} and {@code system_health}. */
final class GateSql {

    private static final String CREATE_MISSING =
            """
            INSERT INTO system_gate (system_id)
            SELECT DISTINCT id FROM unnest(:systems) AS id
            ON CONFLICT DO NOTHING
            """;

    private static final String COUNT =
            """
            WITH counted AS (
                INSERT INTO system_health AS h
                       (system_id, window_started_at, calls, failures)
                SELECT b.system_id, CAST(:now AS timestamptz), b.calls,
                       b.failures
                  FROM unnest(:systems, :calls, :failures)
                       AS b (system_id, calls, failures)
                 ORDER BY b.system_id
                ON CONFLICT (system_id) DO UPDATE
                   SET window_started_at =
                           CASE WHEN h.window_started_at > :since
                                THEN h.window_started_at
                                ELSE EXCLUDED.window_started_at END,
                       calls = EXCLUDED.calls
                           + CASE WHEN h.window_started_at > :since
                                  THEN h.calls ELSE 0 END,
                       failures = EXCLUDED.failures
                           + CASE WHEN h.window_started_at > :since
                                  THEN h.failures ELSE 0 END
                RETURNING system_id, h.calls, h.failures
            )
            SELECT system_id, calls, failures FROM counted
            """;

    private static final String FORGET =
            """
            UPDATE system_health SET calls = 0, failures = 0
             WHERE system_id = ANY (:systems)
            """;

    private static final String LOCK =
            """
            SELECT system_id, NULLIF(claimable_at, '-infinity') AS claimable_at,
                   held_reason, hold_level, probe_lease
              FROM system_gate
             WHERE system_id = ANY (:systems)
               AND held_reason IS DISTINCT FROM 'paused'
             ORDER BY system_id
               FOR NO KEY UPDATE
            """;

    private static final String WRITE =
            """
            UPDATE system_gate
               SET claimable_at = COALESCE(CAST(:at AS timestamptz), '-infinity'), held_reason = :reason,
                   hold_level = :level, probe_lease = :probe
             WHERE system_id = :system
            """;

    private static final String PROBE_NOW =
            """
            UPDATE system_gate
               SET claimable_at = :now, held_reason = 'resuming', hold_level = 0,
                   probe_lease = NULL
             WHERE system_id IN (SELECT system_id FROM system_gate
                                  WHERE system_id = ANY (:systems)
                                    AND held_reason NOT IN ('paused', 'rate')
                                  ORDER BY system_id
                                    FOR NO KEY UPDATE)
            """;

    private static final String PAUSE =
            """
            UPDATE system_gate
               SET claimable_at = 'infinity', held_reason = 'paused',
                   hold_level = 0, probe_lease = NULL
             WHERE system_id = :system
               AND held_reason IS DISTINCT FROM 'paused'
            """;

    private static final String RESUME =
            """
            UPDATE system_gate
               SET claimable_at = :now, held_reason = 'resuming',
                   hold_level = 0, probe_lease = NULL
             WHERE system_id = :system
               AND held_reason <> 'rate'
            """;

    private static final String OPEN_FROM_FUTURE =
            """
            UPDATE system_gate
               SET claimable_at = :now
             WHERE claimable_at < 'infinity'
               AND claimable_at > CASE held_reason WHEN 'rate' THEN :rate_limit
                                                   ELSE :hold_limit END
            """;

    private static final String OPEN_IDLE =
            """
            WITH idle AS MATERIALIZED (
                SELECT system_id FROM system_gate g
                 WHERE held_reason NOT IN ('paused', 'rate')
                   AND claimable_at <= :now
                   -- The first of each queue says whether there is any.
                   AND (SELECT true FROM fresh_delivery d
                         WHERE d.system_id = g.system_id AND NOT d.held
                         LIMIT 1) IS NULL
                   AND (SELECT true FROM retry_delivery d
                         WHERE d.system_id = g.system_id AND NOT d.held
                           AND d.next_attempt_at <= CASE g.held_reason
                                                    WHEN 'resuming' THEN :now
                                                    ELSE 'infinity' END
                         LIMIT 1) IS NULL
                 ORDER BY system_id
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE system_gate g
               SET claimable_at = '-infinity', held_reason = NULL, hold_level = 0,
                   probe_lease = NULL
              FROM idle
             WHERE g.system_id = idle.system_id
            """;

    /** No rate closes a gate for longer. */
    private static final Duration LONGEST_RATE = Duration.ofSeconds(64);

    /** No other rule closes a gate for longer: a system may ask us to wait for a day. */
    private static final Duration LONGEST_HOLD = Duration.ofHours(25);

    private GateSql() {}

    /** How many calls a batch of results holds for one system, and how many of them failed. */
    record Calls(ClientSystemId system, int calls, int failures) {}

    /** Every system that may get deliveries has a gate. */
    static void createMissing(Handle handle, Collection<ClientSystemId> systems) {
        handle.createUpdate(CREATE_MISSING)
                .bindArray("systems", String.class, values(systems))
                .execute();
    }

    /**
     * Adds these calls to the running window, or begins a new window; returns all calls that were
     * made in the window. Rows are written in the order of the systems, as in every statement.
     */
    static Map<ClientSystemId, Calls> count(
            Handle handle, List<Calls> calls, Duration window, Instant now) {
        return handle
                .createQuery(COUNT)
                .bind("systems", array("text", calls, each -> each.system().value()))
                .bind("calls", array("int4", calls, Calls::calls))
                .bind("failures", array("int4", calls, Calls::failures))
                .bind("now", now)
                .bind("since", now.minus(window))
                .map(
                        (row, context) ->
                                new Calls(
                                        new ClientSystemId(row.getString("system_id")),
                                        row.getInt("calls"),
                                        row.getInt("failures")))
                .stream()
                .collect(toMap(Calls::system, each -> each));
    }

    /** Begins the count anew, after a gate has closed or opened: what came before is dealt with. */
    static void forget(Handle handle, Collection<ClientSystemId> systems) {
        handle.createUpdate(FORGET).bindArray("systems", String.class, values(systems)).execute();
    }

    /** Locks these gates, except those of paused systems, in the order of the systems. */
    static List<Gate> lock(Handle handle, Collection<ClientSystemId> systems) {
        return handle.createQuery(LOCK)
                .bindArray("systems", String.class, values(systems))
                .map(
                        (row, context) ->
                                new Gate(
                                        new ClientSystemId(row.getString("system_id")),
                                        Columns.instant(row, "claimable_at"),
                                        HoldReason.ofColumn(row.getString("held_reason")),
                                        row.getInt("hold_level"),
                                        row.getObject("probe_lease", UUID.class)))
                .list();
    }

    static void write(Handle handle, Gate gate) {
        handle.createUpdate(WRITE)
                .bind("system", gate.system().value())
                .bind("at", gate.claimableAt())
                .bind("reason", gate.reason() == null ? null : gate.reason().wireName())
                .bind("level", gate.level())
                .bind("probe", gate.probeLease())
                .execute();
    }

    /**
     * Probes held systems at the next claim, as if they had never been held; systems that an
     * operator has paused stay paused. A probe in flight does not count, because it was sent to the
     * system as it was before.
     *
     * @return how many of these systems are held
     */
    static int probeNow(Handle handle, Collection<ClientSystemId> systems, Instant now) {
        return handle.createUpdate(PROBE_NOW)
                .bindArray("systems", String.class, values(systems))
                .bind("now", now)
                .execute();
    }

    private static List<String> values(Collection<ClientSystemId> systems) {
        return systems.stream().map(ClientSystemId::value).toList();
    }

    /** Pauses the system, whatever else holds it back; false if it is paused already. */
    static boolean pause(Handle handle, ClientSystemId system) {
        return handle.createUpdate(PAUSE).bind("system", system.value()).execute() == 1;
    }

    /** The next claim takes one delivery as a probe; false if nothing held it back. */
    static boolean resume(Handle handle, ClientSystemId system, Instant now) {
        return handle.createUpdate(RESUME).bind("system", system.value()).bind("now", now).execute()
                == 1;
    }

    /** Opens gates that are closed for longer than any rule allows: a clock was ahead. */
    static int openFromFuture(Handle handle, Instant now) {
        return handle.createUpdate(OPEN_FROM_FUTURE)
                .bind("now", now)
                .bind("rate_limit", now.plus(LONGEST_RATE))
                .bind("hold_limit", now.plus(LONGEST_HOLD))
                .execute();
    }

    /**
     * Opens held gates whose time has come and that have no delivery to send as a probe. After an
     * operator or a change has declared the fault fixed, a gate opens when nothing is due.
     * Otherwise it opens only when nothing waits at all, because a delivery that waits for its next
     * attempt is the next probe.
     */
    static int openIdle(Handle handle, Instant now) {
        return handle.createUpdate(OPEN_IDLE).bind("now", now).execute();
    }
}
