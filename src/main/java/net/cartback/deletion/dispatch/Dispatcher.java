package net.cartback.deletion.dispatch;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.dispatch.protocol.Protocols;
import net.cartback.deletion.dispatch.protocol.WebhookProtocol;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.DueMarks;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.PublicUrl;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Sends deliveries at its own pace: claims what is due, never more than can start at once, sends
 * each on a virtual thread, and settles. It is woken by new work and polls as a safety net. {@link
 * #runOnce} is the hand crank, for use without {@link #start}.
 */
public final class Dispatcher implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    /** Longer than another replica's claim, and short compared with the path of a new request. */
    private static final Duration PASSED_OVER = Duration.ofMillis(5);

    private static final Duration BETWEEN_CLAIMS = Duration.ofMillis(3);

    /** Results may wait while calls are made, but not pile up: so many for each slot. */
    private static final int UNSETTLED_PER_SLOT = 4;

    private static final Duration SWEEP = Duration.ofSeconds(5);
    private static final Duration FINISH_LIMIT = Duration.ofSeconds(20);
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(5);

    private final Ledger ledger;
    private final Attempts attempts;
    private final BooleanSupplier mayClaim;
    private final int concurrency;
    private final GuardedClient client;
    private final Tester tester;
    private final Settler settler;
    private final Timer claimTime;
    private final Semaphore slots;
    private final Semaphore unsettled;
    private final Semaphore work = new Semaphore(0);
    private final Thread loop = Thread.ofVirtual().name("dispatch").unstarted(this::run);
    private final DueMarks marks = new DueMarks(System::nanoTime);
    private final SlotQuota shares = new SlotQuota(System::nanoTime);
    private volatile boolean stopping;

    /** Whether the claim before found something, so that a free slot is worth another. */
    private volatile boolean mayHaveMore;

    /** The lease of a claim that was begun and whose end nobody heard. Of the loop alone. */
    private @Nullable UUID doubtful;

    /** When a claim last found deliveries, or last passed over no system. */
    private long passedSince = System.nanoTime();

    private long claimedAt = System.nanoTime() - BETWEEN_CLAIMS.toNanos();
    private long sweptAt = System.nanoTime() - SWEEP.toNanos();

    /**
     * @param mayClaim while it says false, nothing is claimed
     * @param concurrency deliveries in flight at once
     */
    public Dispatcher(
            Ledger ledger,
            TestDeliveries tests,
            Registry registry,
            Keyring keyring,
            OutboundRules rules,
            InstantSource clock,
            RandomGenerator random,
            PublicUrl publicUrl,
            BooleanSupplier mayClaim,
            int concurrency,
            MeterRegistry meters) {
        this.ledger = ledger;
        this.mayClaim = mayClaim;
        this.concurrency = concurrency;
        this.client = new GuardedClient(rules, concurrency);
        var http = new HttpCall(client);
        var protocols = new Protocols(new WebhookProtocol(keyring, clock, publicUrl));
        var sender = new Sender(http, protocols, new SubjectSeal(keyring), clock);
        this.attempts = new Attempts(registry, sender, new ReplyPolicy(clock, random), clock);
        this.tester = new Tester(tests, registry, http, protocols, clock);
        this.settler = new Settler(ledger, this::settled, attempts::failed, meters);
        this.claimTime =
                Timer.builder("relay.claim")
                        .description("Time of one claim of due deliveries, even if it finds none")
                        .register(meters);
        this.slots = new Semaphore(concurrency);
        this.unsettled = new Semaphore(concurrency * UNSETTLED_PER_SLOT);
        Gauge.builder("relay.in.flight", slots, free -> concurrency - free.availablePermits())
                .description("Calls of client systems that are being made")
                .register(meters);
    }

    /** Begins the counters of these systems at 0; again does nothing. */
    public void begin(Collection<ClientSystemId> systems) {
        settler.begin(systems);
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
     * Claims what is due now, sends it, and settles it before it returns; makes the tests that were
     * asked for.
     *
     * @return how many deliveries were sent
     */
    public int runOnce() throws InterruptedException {
        ledger.sweep();
        tester.runOnce();
        var claimed =
                ledger.claim(concurrency, system -> (concurrency + 1) / 2, UUID.randomUUID())
                        .deliveries();
        if (claimed.isEmpty()) {
            return 0;
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent =
                    threads.invokeAll(
                            claimed.stream()
                                    .map(each -> (Callable<Settlement>) () -> attempts.make(each))
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
                sweepInTime();
                int free = Math.min(slots.availablePermits(), unsettled.availablePermits());
                var wait = free > 0 && mayClaim.getAsBoolean() ? claimAndLaunch(free) : POLL;
                databaseAway = false;
                awaitWork(wait);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                stopping = true;
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

    private void sweepInTime() {
        if (System.nanoTime() - sweptAt >= SWEEP.toNanos()) {
            sweptAt = System.nanoTime();
            ledger.sweep();
            tester.start();
        }
    }

    /**
     * Under load, work comes at every moment; claims a few milliseconds apart bring more at once,
     * for the same cost each. The first after a rest is made at once.
     */
    private void keepDistance() throws InterruptedException {
        long since = System.nanoTime() - claimedAt;
        if (since < BETWEEN_CLAIMS.toNanos()) {
            Thread.sleep(Duration.ofNanos(BETWEEN_CLAIMS.toNanos() - since));
        }
        claimedAt = System.nanoTime();
    }

    /** How long to wait for new work before the next claim. */
    private Duration claimAndLaunch(int free) throws InterruptedException {
        keepDistance();
        if (doubtful != null) {
            // The claim before may have happened, or not: look, instead of waiting for its leases.
            ledger.handBack(doubtful);
        }
        var lease = UUID.randomUUID();
        doubtful = lease;
        long start = System.nanoTime();
        var claim = ledger.claim(free, system -> shares.of(system, free), lease, marks);
        var claimed = claim.deliveries();
        claimTime.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        doubtful = null;
        if (stopping) {
            ledger.handBack(lease, claimed.stream().map(ClaimedDelivery::id).toList());
            return POLL;
        }
        mayHaveMore = !claimed.isEmpty();
        claimed.forEach(this::launch);
        // Whatever is left waits for room, here or at its system, and settling makes room.
        if (claim.passedOver()) {
            return whenPassedOver(claimed.isEmpty());
        }
        passedSince = System.nanoTime();
        return POLL;
    }

    /**
     * How long to wait after a claim passed over a system. Either another replica claims for the
     * system and is done in a moment, or another session keeps the system's row locked for longer.
     * In the second case, the work of the other systems sets the pace.
     */
    private Duration whenPassedOver(boolean inVain) {
        long now = System.nanoTime();
        if (!inVain) {
            passedSince = now;
        }
        return now - passedSince < POLL.toNanos() ? PASSED_OVER : POLL;
    }

    private void launch(ClaimedDelivery delivery) {
        // Only this loop takes slots, and it claimed no more than were free.
        slots.acquireUninterruptibly();
        unsettled.acquireUninterruptibly();
        shares.begun(delivery.system());
        Thread.ofVirtual().name("deliver").start(() -> call(delivery));
    }

    /**
     * A slot is free as soon as its call is over; the result may wait to be written with others.
     */
    private void call(ClaimedDelivery delivery) {
        settler.add(attempts.make(delivery));
        shares.ended(delivery.system());
        slots.release();
        if (mayHaveMore) {
            wake();
        }
    }

    private void settled(List<Settlement> settlements) {
        unsettled.release(settlements.size());
        // There is room at a system again: there may be more to claim.
        wake();
    }

    private void awaitWork(Duration wait) {
        try {
            if (work.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS)) {
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
}
