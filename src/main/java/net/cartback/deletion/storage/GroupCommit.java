package net.cartback.deletion.storage;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Gives items that arrive at the same time to a writer as one batch, so that they share one commit.
 * A batch holds the items that wait when a writer is free. There is no timer, so a single item does
 * not wait for others.
 *
 * <p>There are two writers: one writes while the other's commit is on its way to the disk. The
 * second writer waits until a batch is large enough, because a statement costs much and a row
 * little.
 */
public final class GroupCommit<T> {

    private static final int WRITERS = 2;

    private final int maxBatch;
    private final int worthASecondWriter;
    private final int maxWaiting;
    private final Consumer<List<T>> write;
    private final List<Thread> writers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private final Deque<T> queue = new ArrayDeque<>();
    private int busy;
    private boolean stopping;

    /**
     * @param name of the writers' threads
     * @param maxBatch so many at once at most
     * @param worthASecondWriter with fewer waiting, the second writer leaves them to the first
     * @param maxWaiting more than these are refused
     * @param write writes a batch; it must not throw, and may not keep the list
     */
    public GroupCommit(
            String name,
            int maxBatch,
            int worthASecondWriter,
            int maxWaiting,
            Consumer<List<T>> write) {
        this.maxBatch = maxBatch;
        this.worthASecondWriter = worthASecondWriter;
        this.maxWaiting = maxWaiting;
        this.write = write;
        this.writers =
                Stream.generate(() -> Thread.ofVirtual().name(name).unstarted(this::run))
                        .limit(WRITERS)
                        .toList();
    }

    /** Starts the writers. */
    public void start() {
        writers.forEach(Thread::start);
    }

    /**
     * Leaves one to be written.
     *
     * @return false if too many are waiting, or it is stopping: then it is not written
     */
    public boolean offer(T one) {
        lock.lock();
        try {
            if (stopping || queue.size() >= maxWaiting) {
                return false;
            }
            queue.add(one);
            if (isWorthABatch()) {
                changed.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the writers run. */
    public boolean isAlive() {
        return writers.stream().allMatch(Thread::isAlive);
    }

    /**
     * Takes no more, and waits until what is waiting has been written.
     *
     * @param limit how long to wait for a writer before it is interrupted
     * @return how many were left unwritten
     */
    public int stop(Duration limit) {
        lock.lock();
        try {
            stopping = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            for (var writer : writers) {
                if (writer.getState() != Thread.State.NEW && !writer.join(limit)) {
                    writer.interrupt();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            for (var batch = take(); !batch.isEmpty(); batch = take()) {
                try {
                    write.accept(batch);
                } finally {
                    done();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isWorthABatch() {
        return !queue.isEmpty() && (busy == 0 || queue.size() >= worthASecondWriter);
    }

    /** The next batch; empty at the end. */
    private List<T> take() throws InterruptedException {
        lock.lock();
        try {
            while (!isWorthABatch() && !(stopping && queue.isEmpty())) {
                changed.await();
            }
            var batch = new ArrayList<T>(Math.min(maxBatch, queue.size()));
            while (!queue.isEmpty() && batch.size() < maxBatch) {
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
}
