package net.cartback.deletion.ledger;

import net.cartback.deletion.ledger.GateSql.Calls;
import net.cartback.deletion.registry.ClientSystemId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What attempts say of the client systems, and what follows for their gates. */
final class Gates {

    private static final Duration WINDOW = Duration.ofSeconds(30);

    /** Below so many calls in the window, a failure rate says nothing. */
    private static final int MIN_CALLS = 10;

    /** With so many and no more than one failure in twenty, a system is well. */
    private static final int ENOUGH_CALLS = 40;

    private static final int CALLS_PER_FAILURE = 20;

    private Gates() {}

    /** Holds the systems that are at fault, and lets go those whose probe has succeeded. */
    static List<GateChange> mind(Handle handle, List<Settlement> settlements, Instant now) {
        var told = new HashMap<ClientSystemId, List<Gate.Told>>();
        for (var each : settlements) {
            told.computeIfAbsent(each.delivery().system(), system -> new ArrayList<>())
                    .add(
                            new Gate.Told(
                                    each.delivery().leaseId(),
                                    each.delivery().probe(),
                                    each.conduct()));
        }
        var counted =
                GateSql.count(
                        handle, told.entrySet().stream().map(Gates::calls).toList(), WINDOW, now);
        var concerned =
                told.entrySet().stream()
                        .filter(each -> each.getValue().stream().anyMatch(Gate.Told::matters))
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

    private static Calls calls(Map.Entry<ClientSystemId, List<Gate.Told>> told) {
        var all = told.getValue();
        return new Calls(
                told.getKey(), all.size(), (int) all.stream().filter(Gate.Told::failed).count());
    }
}
