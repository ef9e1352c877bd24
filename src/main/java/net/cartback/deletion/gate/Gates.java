package net.cartback.deletion.gate;

import static java.util.stream.Collectors.groupingBy;

import net.cartback.deletion.gate.GateSql.Calls;
import net.cartback.deletion.terms.ClientSystemId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What attempts say of the client systems, and what follows for their gates. */
public final class Gates {

    private static final Duration WINDOW = Duration.ofSeconds(30);

    /** Below so many calls in the window, a failure rate says nothing. */
    private static final int MIN_CALLS = 10;

    /** With so many and no more than one failure in twenty, a system is well. */
    private static final int ENOUGH_CALLS = 40;

    private static final int CALLS_PER_FAILURE = 20;

    private Gates() {}

    /** Every system that may get deliveries has a gate. */
    public static void createMissing(Handle handle, Collection<ClientSystemId> systems) {
        GateSql.createMissing(handle, systems);
    }

    /**
     * Probes held systems at the next claim, as if they had never been held; systems that an
     * operator has paused stay paused. A probe in flight does not count, because it was sent to the
     * system as it was before.
     *
     * @return how many of these systems are held
     */
    public static int probeNow(Handle handle, Collection<ClientSystemId> systems, Instant now) {
        return GateSql.probeNow(handle, systems, now);
    }

    /** Holds the systems that are at fault, and lets go those whose probe has succeeded. */
    public static List<GateChange> apply(Handle handle, List<Report> reports, Instant now) {
        var told = reports.stream().collect(groupingBy(Report::system));
        var counted =
                GateSql.count(
                        handle, told.entrySet().stream().map(Gates::calls).toList(), WINDOW, now);
        var concerned =
                told.entrySet().stream()
                        .filter(each -> each.getValue().stream().anyMatch(Report::matters))
                        .map(Map.Entry::getKey)
                        .toList();
        var changes = new ArrayList<GateChange>();
        if (!concerned.isEmpty()) {
            for (var gate : GateSql.lock(handle, concerned)) {
                var all = told.getOrDefault(gate.system(), List.of());
                var after = gate.after(all, health(counted.get(gate.system())), now);
                if (!after.equals(gate)) {
                    GateSql.write(handle, after);
                    changes.add(new GateChange(gate.system(), after.claimableAt(), after.reason()));
                }
            }
            if (!changes.isEmpty()) {
                GateSql.forget(handle, changes.stream().map(GateChange::system).toList());
            }
        }
        return changes;
    }

    private static Gate.Health health(@Nullable Calls calls) {
        if (calls == null || calls.calls() < MIN_CALLS) {
            return Gate.Health.UNKNOWN;
        }
        if (calls.failures() * 2 >= calls.calls()) {
            return Gate.Health.FAILING;
        }
        return calls.calls() >= ENOUGH_CALLS
                        && calls.failures() * CALLS_PER_FAILURE <= calls.calls()
                ? Gate.Health.WELL
                : Gate.Health.UNKNOWN;
    }

    private static Calls calls(Map.Entry<ClientSystemId, List<Report>> told) {
        var all = told.getValue();
        return new Calls(
                told.getKey(), all.size(), (int) all.stream().filter(Report::failed).count());
    }

    /** Holds a system back until {@link #resume}; false if it is paused already. */
    public static boolean pause(Handle handle, ClientSystemId system) {
        createMissing(handle, List.of(system));
        return GateSql.pause(handle, system);
    }

    /** Lets the next claim take one delivery as a probe; false if nothing held it back. */
    public static boolean resume(Handle handle, ClientSystemId system, Instant now) {
        return GateSql.resume(handle, system, now);
    }

    /**
     * Opens gates that are closed for longer than any rule allows, because a clock was ahead.
     *
     * @return how many
     */
    public static int openFromFuture(Handle handle, Instant now) {
        return GateSql.openFromFuture(handle, now);
    }

    /**
     * Opens held gates whose time has come and that have no delivery to send as a probe.
     *
     * @return how many
     */
    public static int openIdle(Handle handle, Instant now) {
        return GateSql.openIdle(handle, now);
    }
}
