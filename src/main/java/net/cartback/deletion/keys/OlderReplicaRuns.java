package net.cartback.deletion.keys;

/**
 * A replica of an older version runs, and would not understand what was asked for: it would send
 * what is held, or take what is retired for what is not. Nothing was done; it may be tried again
 * once all replicas are of one version.
 */
public final class OlderReplicaRuns extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OlderReplicaRuns(int replicas) {
        super(
                replicas
                        + " of the relay's replicas seen in the last minute are of an older version"
                        + " and would not understand this: do it again when all are of one version",
                null,
                false,
                false);
    }
}
