package net.cartback.deletion.recording;

/**
 * The other replicas did not see this replica for a while, so it does not know which keys they use
 * now: a request that it recorded might be a repeat of a request that they know. This state ends
 * within seconds once the database is back.
 */
public final class OutOfStep extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OutOfStep() {
        super("The other replicas may use keys that are not loaded here");
    }
}
