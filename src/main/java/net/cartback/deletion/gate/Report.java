package net.cartback.deletion.gate;

import net.cartback.deletion.terms.ClientSystemId;

import java.util.UUID;

/**
 * What an attempt tells of its client system.
 *
 * @param lease under which it was made
 * @param probe whether it was to tell if the system is well again
 */
public record Report(ClientSystemId system, UUID lease, boolean probe, SystemSignal conduct) {

    /** Whether it can change a gate by itself; good news of an ordinary call cannot. */
    boolean matters() {
        return probe || failed();
    }

    /** Whether it counts as a failure of the system. */
    boolean failed() {
        return !(conduct instanceof SystemSignal.Good || conduct instanceof SystemSignal.Untried);
    }
}
