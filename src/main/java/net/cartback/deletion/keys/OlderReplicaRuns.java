package net.cartback.deletion.keys;

/**
 * A replica of an older version runs, and would not understand the requested change: it would send
 * a request under a legal hold, not read a person's request, or treat a retired app or system as
 * live. Nothing was changed. The action may be tried again once all replicas run the same version.
 */
public final class OlderReplicaRuns extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OlderReplicaRuns(int replicas) {
        super(
                replicas
                        + " of the relay's replicas seen in the last minute run an older version"
                        + " that would not understand this change: try again when all replicas run"
                        + " the same version",
                null,
                false,
                false);
    }
}
