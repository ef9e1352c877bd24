package net.cartback.deletion.recording;

/**
 * This replica was not seen by the others for a while, and does not know which keys they use by
 * now: a wish that it recorded might be one that they know already. It ends within seconds once the
 * database is there again.
 */
public final class OutOfStep extends RuntimeException {

    private static final long serialVersionUID = 1L;

    OutOfStep() {
        super("The other replicas may use keys that are not loaded here");
    }
}
