package net.cartback.deletion.recording;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.GroupCommit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/**
 * Records requests that come in at the same time together, in one statement and one commit; see
 * {@link GroupCommit}.
 */
public final class RequestBatcher implements AutoCloseable {

    /** So much is waiting already that more would only wait longer: ask again in a moment. */
    public static final class Overloaded extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Overloaded() {
            super("Too many requests are waiting to be recorded");
        }
    }

    private static final Logger log = LoggerFactory.getLogger(RequestBatcher.class);

    private static final int WORTH_A_SECOND_WRITER = 16;
    private static final int MAX_WAITING = 1_024;

    /**
     * A proxy in front may wait no longer than 10 s. A commit that waits for a standby has no limit
     * of its own in the server, and two writers may wait one after the other.
     */
    public static final Duration LIMIT = Duration.ofSeconds(8);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private record Waiting(PreparedRequest request, CompletableFuture<RecordedRequest> recording) {}

    private final RequestWriter writer;
    private final int together;
    private final Duration limit;
    private final DistributionSummary batches;
    private final GroupCommit<Waiting> commits;

    /**
     * @param together how many share a commit at most; 1: each request is recorded by a thread and
     *     with a commit of its own
     * @param limit how long one waits for its commit; {@link #LIMIT}, but for tests
     */
    public RequestBatcher(
            RequestWriter writer, int together, Duration limit, MeterRegistry meters) {
        this.limit = limit;
        this.writer = writer;
        this.together = together;
        this.batches =
                DistributionSummary.builder("relay.recorded.together")
                        .description("Requests recorded by one statement")
                        .register(meters);
        this.commits =
                new GroupCommit<>(
                        "record",
                        together,
                        WORTH_A_SECOND_WRITER,
                        MAX_WAITING,
                        batch -> {
                            batches.record(batch.size());
                            write(batch);
                        });
        commits.start();
    }

    /**
     * Records one request; returns after the commit. See {@link RequestWriter#record(NewRequest)}.
     * A request that is not recorded within the limit may still be recorded later: a repeat then
     * finds the first request.
     *
     * @throws Overloaded if too many are waiting
     * @throws DatabaseUnavailable if it cannot be recorded now
     */
    public RecordedRequest record(NewRequest request) {
        var waiting = new Waiting(writer.prepare(request), new CompletableFuture<>());
        if (together == 1) {
            Thread.ofVirtual().name("record-alone").start(() -> write(List.of(waiting)));
        } else if (!commits.offer(waiting)) {
            throw new Overloaded();
        }
        try {
            return waiting.recording().orTimeout(limit.toMillis(), MILLISECONDS).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw DatabaseUnavailable.notWithin(limit);
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Whether the writers run. */
    public boolean isAlive() {
        return commits.isAlive();
    }

    /** Takes no more, and records what is waiting. */
    @Override
    public void close() {
        var _ = commits.stop(STOP_LIMIT);
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
        } catch (OutOfStep e) {
            fail(batch, e);
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
        var recorded = writer.record(batch.stream().map(Waiting::request).toList());
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).recording().complete(recorded.get(i));
        }
    }

    private static void fail(List<Waiting> batch, RuntimeException e) {
        batch.forEach(each -> each.recording().completeExceptionally(e));
    }
}
