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

/** SQL on {@code system_gate} and {@code system_health}. Each method is one statement. */
final class GateSql {

    private GateSql() {}

    /** How many calls a batch of results holds for one system, and how many of them failed. */
    record Calls(ClientSystemId system, int calls, int failures) {}

    /** Every system that may get deliveries has a gate. */
    static void createMissing(Handle handle, Collection<ClientSystemId> systems) {
        handle.createUpdate(
                        """
                        INSERT INTO system_gate (system_id)
                        SELECT DISTINCT id FROM unnest(:systems) AS id
                        ON CONFLICT DO NOTHING
                        """)
                .bindArray("systems", String.class, values(systems))
                .execute();
    }

    /**
     * Counts calls in the running window, or begins a new one; returns all that were made in it.
     * The rows are written in the order of the systems, as everywhere.
     */
    static Map<ClientSystemId, Calls> count(
            Handle handle, List<Calls> calls, Duration window, Instant now) {
        return handle
                .createQuery(
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
                        """)
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

    /** A gate that closes or opens begins a new window: what came before is dealt with. */
    static void forget(Handle handle, Collection<ClientSystemId> systems) {
        handle.createUpdate(
                        """
                        UPDATE system_health SET calls = 0, failures = 0
                         WHERE system_id = ANY (:systems)
                        """)
                .bindArray("systems", String.class, values(systems))
                .execute();
    }

    /** Locks these gates, except those of paused systems, in the order of the systems. */
    static List<Gate> lock(Handle handle, Collection<ClientSystemId> systems) {
        return handle.createQuery(
                        """
                        SELECT system_id, NULLIF(claimable_at, '-infinity') AS claimable_at,
                               held_reason, hold_level, probe_lease
                          FROM system_gate
                         WHERE system_id = ANY (:systems)
                           AND held_reason IS DISTINCT FROM 'paused'
                         ORDER BY system_id
                           FOR NO KEY UPDATE
                        """)
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
        handle.createUpdate(
                        """
                        UPDATE system_gate
                           SET claimable_at = COALESCE(CAST(:at AS timestamptz), '-infinity'), held_reason = :reason,
                               hold_level = :level, probe_lease = :probe
                         WHERE system_id = :system
                        """)
                .bind("system", gate.system().value())
                .bind("at", gate.claimableAt())
                .bind("reason", gate.reason() == null ? null : gate.reason().wireName())
                .bind("level", gate.level())
                .bind("probe", gate.probeLease())
                .execute();
    }

    /**
     * A system that is held, for whatever reason but an operator's, is probed at the next claim as
     * if it had never been held; a probe that is out has been sent to what it was before.
     *
     * @return how many are held
     */
    static int probeNow(Handle handle, Collection<ClientSystemId> systems, Instant now) {
        return handle.createUpdate(
                        """
                        UPDATE system_gate
                           SET claimable_at = :now, held_reason = 'resuming', hold_level = 0,
                               probe_lease = NULL
                         WHERE system_id IN (SELECT system_id FROM system_gate
                                              WHERE system_id = ANY (:systems)
                                                AND held_reason NOT IN ('paused', 'rate')
                                              ORDER BY system_id
                                                FOR NO KEY UPDATE)
                        """)
                .bindArray("systems", String.class, values(systems))
                .bind("now", now)
                .execute();
    }

    private static List<String> values(Collection<ClientSystemId> systems) {
        return systems.stream().map(ClientSystemId::value).toList();
    }
}
