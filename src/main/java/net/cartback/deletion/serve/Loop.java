package net.cartback.deletion.serve;

import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does something again and again on a thread of its own, with a pause after each round. A round
 * that fails is told, and is not the last.
 */
final class Loop implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Loop.class);

    /**
     * An interrupt ends what waits for the database; a file that hangs must not hold up the stop.
     */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(3);

    private final String name;
    private final Duration pause;
    private final Runnable round;
    private final Duration patience;
    private final Thread thread;
    private final CountDownLatch stopping = new CountDownLatch(1);

    Loop(String name, Duration pause, Runnable round) {
        this(name, pause, round, Duration.ZERO);
    }

    /**
     * @param patience how long a round may go on at a stop before it is interrupted
     */
    Loop(String name, Duration pause, Runnable round, Duration patience) {
        this.name = name;
        this.pause = pause;
        this.round = round;
        this.patience = patience;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    /**
     * Returns when the round that runs is over, or after the limit: what it uses is closed next.
     */
    @Override
    public void close() {
        stopping.countDown();
        try {
            if (!thread.isAlive() || thread.join(patience)) {
                return;
            }
            thread.interrupt();
            if (thread.isAlive() && !thread.join(STOP_LIMIT)) {
                log.atWarn().addKeyValue("loop", name).log("A round does not end; going on");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (stopping.getCount() > 0) {
            try {
                round.run();
            } catch (DatabaseUnavailable e) {
                log.atWarn()
                        .addKeyValue("loop", name)
                        .log("A round waits for the database: {}", e.getMessage());
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue("loop", name)
                        .setCause(e)
                        .log("A round failed; trying again");
            }
            try {
                if (stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
