package net.cartback.deletion.recording;

/** Those who send deliveries, here and on the other replicas. */
public interface Workers {

    /** There may be something to send. Returns at once; never fails. */
    void wake();
}
