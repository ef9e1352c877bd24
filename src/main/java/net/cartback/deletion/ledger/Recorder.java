package net.cartback.deletion.ledger;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

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

    /** Fewer than these wait for the writer that is busy: a statement costs much, a row little. */
    private static final int WORTH_A_SECOND_WRITER = 16;

    private static final int MAX_WAITING = 1_024;
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private record Waiting(PreparedRequest request, CompletableFuture<Recording> recording) {}

    private final Ledger ledger;
    private final int together;
    private final DistributionSummary batches;
    private final List<Thread> writers = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private int busy;
    private boolean stopping;

    /**
     * @param together how many share a commit at most; 1: each request is recorded by its own
     *     thread, with a commit of its own
     */
    public Recorder(Ledger ledger, int together, MeterRegistry meters) {
        this.ledger = ledger;
        this.together = together;
        this.batches =
                DistributionSummary.builder("relay.recorded.together")
                        .description("Requests recorded by one statement")
                        .register(meters);
        for (int i = 0; together > 1 && i < WRITERS; i++) {
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
        if (together == 1) {
            return ledger.record(request);
        }
        var waiting = new Waiting(ledger.prepare(request), new CompletableFuture<>());
        lock.lock();
        try {
            if (stopping || queue.size() == MAX_WAITING) {
                throw new Overloaded();
            }
            queue.add(waiting);
            if (isWorthABatch()) {
                changed.signal();
            }
        } finally {
            lock.unlock();
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
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
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
        try {
            for (var batch = take(); !batch.isEmpty(); batch = take()) {
                try {
                    batches.record(batch.size());
                    write(batch);
                } finally {
                    done();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isWorthABatch() {
        return !queue.isEmpty() && (busy == 0 || queue.size() >= WORTH_A_SECOND_WRITER);
    }

    /** The next batch; empty at the end. */
    private List<Waiting> take() throws InterruptedException {
        lock.lock();
        try {
            while (!isWorthABatch() && !(stopping && queue.isEmpty())) {
                changed.await();
            }
            var batch = new ArrayList<Waiting>(together);
            while (!queue.isEmpty() && batch.size() < together) {
                batch.add(queue.remove());
            }
            if (!batch.isEmpty()) {
                busy++;
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void done() {
        lock.lock();
        try {
            busy--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
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
