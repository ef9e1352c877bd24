package net.cartback.deletion.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns SIGTERM and SIGINT into something to wait for, and holds the process until the caller has
 * closed everything.
 */
public final class StopSignal implements AutoCloseable {

    /** So long a stop takes at most, from the signal on. */
    public static final long CLOSE_LIMIT_SECONDS = 60;

    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    StopSignal() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::hold, "stop"));
    }

    /** Counted down when the process is told to end. */
    CountDownLatch told() {
        return told;
    }

    /** Counts down as well when this process ends. */
    void whenEnds(ProcessHandle other) {
        var _ = other.onExit().thenRun(told::countDown);
    }

    /** Everything is closed: the process may go. */
    @Override
    public void close() {
        closed.countDown();
    }

    // Not a join of the main thread: that one ends in System.exit, which waits for this hook.
    private void hold() {
        told.countDown();
        try {
            if (!closed.await(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("deletion-relay: did not close in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
