package net.cartback.deletion.ledger;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Records requests that come in at the same time together, in one statement and one commit (group
 * commit). A batch is whatever is waiting when a writer is free, never a timer, so a request that
 * comes alone waits for nobody.
 *
 * <p>Thread-safe.
 */
public final class Recorder implements AutoCloseable {

    /** So much is waiting already that more would only wait longer: ask again in a moment. */
    public static final class Overloaded extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Overloaded() {
            super("Too many requests are waiting to be recorded");
        }
    }

    private static final Logger log = LoggerFactory.getLogger(Recorder.class);

    /** One writes while the other's commit is on its way to the disk. */
    private static final int WRITERS = 2;

    private static final int MAX_BATCH = 64;
    private static final int MAX_WAITING = 1_024;
    private static final Duration IDLE_POLL = Duration.ofMillis(100);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private record Waiting(PreparedRequest request, CompletableFuture<Recording> recording) {}

    private final Ledger ledger;
    private final DistributionSummary batches;
    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(MAX_WAITING);
    private final List<Thread> writers = new ArrayList<>();
    private volatile boolean stopping;

    public Recorder(Ledger ledger, MeterRegistry meters) {
        this.ledger = ledger;
        this.batches =
                DistributionSummary.builder("relay.recorded.together")
                        .description("Requests recorded by one statement")
                        .register(meters);
        for (int i = 0; i < WRITERS; i++) {
            writers.add(Thread.ofVirtual().name("record").start(this::write));
        }
    }

    /**
     * Records one request; returns after the commit. See {@link Ledger#record(NewRequest)}.
     *
     * @throws Overloaded if too many are waiting
     * @throws DatabaseUnavailable if it cannot be recorded now
     */
    public Recording record(NewRequest request) {
        var waiting = new Waiting(ledger.prepare(request), new CompletableFuture<>());
        if (stopping || !queue.offer(waiting)) {
            throw new Overloaded();
        }
        try {
            // Ends by itself: each statement of a writer has its limits.
            return waiting.recording().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Whether the writers run. */
    public boolean isAlive() {
        return writers.stream().allMatch(Thread::isAlive);
    }

    /** Takes no more, and records what is waiting. */
    @Override
    public void close() {
        stopping = true;
        try {
            for (var writer : writers) {
                if (!writer.join(STOP_LIMIT)) {
                    writer.interrupt();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        var batch = new ArrayList<Waiting>(MAX_BATCH);
        try {
            while (!stopping || !queue.isEmpty()) {
                var first = queue.poll(IDLE_POLL.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    queue.drainTo(batch, MAX_BATCH - 1);
                    batches.record(batch.size());
                    write(batch);
                    batch.clear();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        queue.forEach(each -> each.recording().completeExceptionally(new Overloaded()));
    }

    private void write(List<Waiting> batch) {
        try {
            complete(batch);
        } catch (DatabaseUnavailable e) {
            if (e.mayHaveHappened()) {
                lookAgain(batch);
            } else {
                fail(batch, e);
            }
        } catch (RuntimeException e) {
            if (batch.size() == 1) {
                fail(batch, e);
            } else {
                log.error("Requests could not be recorded together; trying them one by one", e);
                batch.forEach(each -> write(List.of(each)));
            }
        }
    }

    /** The connection broke while a commit may have been on its way: recording again finds out. */
    private void lookAgain(List<Waiting> batch) {
        try {
            complete(batch);
        } catch (RuntimeException e) {
            fail(batch, e);
        }
    }

    private void complete(List<Waiting> batch) {
        var recordings = ledger.record(batch.stream().map(Waiting::request).toList());
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).recording().complete(recordings.get(i));
        }
    }

    private static void fail(List<Waiting> batch, RuntimeException e) {
        batch.forEach(each -> each.recording().completeExceptionally(e));
    }
}
