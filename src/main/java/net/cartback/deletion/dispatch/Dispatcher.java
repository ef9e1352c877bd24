package net.cartback.deletion.dispatch;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.ledger.Settlement.Next;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Sends deliveries at its own pace: claims what is due, never more than can start at once, sends
 * each on a virtual thread, and settles. It is woken by new work and polls as a safety net. {@link
 * #runOnce} is the hand crank, for use without {@link #start}.
 *
 * <p>Thread-safe.
 */
public final class Dispatcher implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration FINISH_LIMIT = Duration.ofSeconds(20);
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(5);

    private final Ledger ledger;
    private final Registry registry;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final int concurrency;
    private final GuardedClient client;
    private final Sender sender;
    private final Settler settler;
    private final Timer claimTime;
    private final Semaphore slots;
    private final Semaphore work = new Semaphore(0);
    private final Thread loop = Thread.ofVirtual().name("dispatch").unstarted(this::run);
    private volatile boolean stopping;

    /**
     * @param publicUrl base of the receipt URLs, without a slash at its end
     * @param concurrency deliveries in flight at once
     */
    public Dispatcher(
            Ledger ledger,
            Registry registry,
            Keyring keyring,
            OutboundRules rules,
            InstantSource clock,
            RandomGenerator random,
            Supplier<String> publicUrl,
            int concurrency,
            MeterRegistry meters) {
        this.ledger = ledger;
        this.registry = registry;
        this.clock = clock;
        this.random = random;
        this.concurrency = concurrency;
        this.client = new GuardedClient(rules, concurrency);
        this.sender = new Sender(client, ledger, keyring, clock, publicUrl);
        this.settler =
                new Settler(
                        ledger,
                        this::settled,
                        each -> retry(each, "internal", Duration.ZERO),
                        meters);
        this.claimTime =
                Timer.builder("relay.claim")
                        .description("Time to claim what is due, also where nothing was")
                        .register(meters);
        this.slots = new Semaphore(concurrency);
        Gauge.builder("relay.in.flight", slots, free -> concurrency - free.availablePermits())
                .description("Deliveries in flight or waiting for their result to be written")
                .register(meters);
    }

    /** Starts the loop. */
    public void start() {
        settler.start();
        loop.start();
    }

    /** There may be new work: look now. Returns at once. */
    public void wake() {
        work.release();
    }

    /** Whether the loop and the settling run. */
    public boolean isAlive() {
        return loop.isAlive() && settler.isAlive();
    }

    /**
     * Claims what is due now, sends it, and settles it before it returns.
     *
     * @return how many deliveries were sent
     */
    public int runOnce() throws InterruptedException {
        var claimed = ledger.claim(concurrency);
        if (claimed.isEmpty()) {
            return 0;
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent =
                    threads.invokeAll(
                            claimed.stream()
                                    .map(each -> (Callable<Settlement>) () -> send(each))
                                    .toList());
            settler.settle(sent.stream().map(future -> future.resultNow()).toList());
        }
        return claimed.size();
    }

    /** Claims nothing more; waits up to 20 s for what is in flight, and writes its results. */
    @Override
    public void close() {
        stopping = true;
        wake();
        try {
            if (loop.isAlive()) {
                loop.join();
                if (!slots.tryAcquire(
                        concurrency, FINISH_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    log.atWarn()
                            .addKeyValue("in_flight", concurrency - slots.availablePermits())
                            .log("Stopped with deliveries in flight; they are sent again");
                }
                settler.stop(SETTLE_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        client.close();
    }

    private void run() {
        boolean databaseAway = false;
        while (!stopping) {
            try {
                int free = slots.availablePermits();
                var claimed = free == 0 ? List.<ClaimedDelivery>of() : claim(free);
                databaseAway = false;
                claimed.forEach(this::launch);
                if (claimed.isEmpty() || claimed.size() == free) {
                    awaitWork();
                }
            } catch (DatabaseUnavailable e) {
                if (!databaseAway) {
                    log.warn("Deliveries wait for the database: {}", e.getMessage());
                }
                databaseAway = true;
                pause();
            } catch (RuntimeException e) {
                log.error("Claiming failed unexpectedly; trying again", e);
                pause();
            }
        }
    }

    private List<ClaimedDelivery> claim(int free) {
        var claimed = claimTime.record(() -> ledger.claim(free));
        return claimed == null ? List.of() : claimed;
    }

    private void launch(ClaimedDelivery delivery) {
        // Only this loop takes slots, and it claimed no more than were free.
        slots.acquireUninterruptibly();
        Thread.ofVirtual().name("deliver").start(() -> settler.add(send(delivery)));
    }

    private void settled(int deliveries) {
        slots.release(deliveries);
        // A slot is free, here and at a system: there may be more to claim.
        wake();
    }

    private void awaitWork() {
        try {
            if (work.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
                work.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    private void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    /** The boundary of one delivery: whatever fails in here fails for this delivery alone. */
    private Settlement send(ClaimedDelivery delivery) {
        try {
            var system = registry.system(delivery.system()).orElse(null);
            var sent = sender.send(delivery, system);
            return new Settlement(delivery, sent.attempt(), next(delivery, system, sent.reply()));
        } catch (RuntimeException | Error e) {
            // An error, too: a slot that is never given back would be lost for good.
            log.atError()
                    .addKeyValue("delivery_id", delivery.id())
                    .setCause(e)
                    .log("A delivery failed unexpectedly; it is sent again later");
            var reply = new Reply.TryAgain("internal");
            var attempt =
                    new Attempt(
                            clock.instant(), Duration.ZERO, reply.replyClass(), "internal", null);
            return new Settlement(delivery, attempt, next(delivery, null, reply));
        }
    }

    private Next next(ClaimedDelivery delivery, @Nullable ClientSystem system, Reply reply) {
        return switch (reply) {
            case Reply.Answered(var answer, var basis) -> new Next.Close(answer, basis);
            case Reply.Accepted() ->
                    new Next.AwaitReceipt(
                            clock.instant()
                                    .plus(system == null ? Duration.ZERO : system.receiptWithin()));
            case Reply.TryAgain(var error) -> retry(delivery, error, Duration.ZERO);
            case Reply.Throttled(var error, var after) ->
                    retry(delivery, error, after == null ? Duration.ZERO : after);
            case Reply.SystemAtFault(var error) -> retry(delivery, error, Duration.ZERO);
            case Reply.DeliveryAtFault(var error) -> new Next.Park(error);
        };
    }

    private Next.Retry retry(ClaimedDelivery delivery, String error, Duration atLeast) {
        var wait = RetrySchedule.after(delivery.attempt(), random);
        return new Next.Retry(
                clock.instant().plus(wait.compareTo(atLeast) > 0 ? wait : atLeast), error);
    }
}
