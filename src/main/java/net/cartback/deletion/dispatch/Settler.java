package net.cartback.deletion.dispatch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import net.cartback.deletion.gate.GateChange;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.GroupCommit;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.ReplyClass;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Writes the results of attempts in batches. A batch holds the results that are waiting when the
 * last batch is done; there is no timer. While the database is unavailable, the results are kept in
 * memory; there are never more results than deliveries in flight.
 */
final class Settler {

    private static final Logger log = LoggerFactory.getLogger(Settler.class);
    private static final int MAX_BATCH = 256;

    /** A settling costs the same few statements however many results it writes. */
    private static final int WORTH_A_SECOND_WRITER = 128;

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Ledger ledger;
    private final Consumer<List<Settlement>> whenSettled;
    private final UnaryOperator<Settlement> whenUnwritable;
    private final MeterProvider<Counter> attempts;
    private final Timer settleTime;
    private final GroupCommit<Settlement> commits =
            new GroupCommit<>(
                    "settle", MAX_BATCH, WORTH_A_SECOND_WRITER, Integer.MAX_VALUE, this::write);

    /**
     * Results whose delivery, request or gate another session has locked: tried again and again.
     */
    private final GroupCommit<Settlement> locked =
            new GroupCommit<>(
                    "settle-locked",
                    MAX_BATCH,
                    Integer.MAX_VALUE,
                    Integer.MAX_VALUE,
                    this::writeLocked);

    /**
     * @param whenSettled receives the results that were written or given up
     * @param whenUnwritable makes the substitute for a result that cannot be written
     */
    Settler(
            Ledger ledger,
            Consumer<List<Settlement>> whenSettled,
            UnaryOperator<Settlement> whenUnwritable,
            MeterRegistry meters) {
        this.ledger = ledger;
        this.whenUnwritable = whenUnwritable;
        this.whenSettled = whenSettled;
        this.attempts =
                Counter.builder("relay.attempts")
                        .description("HTTP tries, by client system and class of the reply")
                        .withRegistry(meters);
        this.settleTime =
                Timer.builder("relay.settle")
                        .description("Time to write one batch of results")
                        .register(meters);
    }

    /** Begins the counters of these systems at 0; again does nothing. */
    void begin(Collection<ClientSystemId> systems) {
        for (var system : systems) {
            for (var reply : ReplyClass.values()) {
                attempts.withTags("system", system.value(), "reply", reply.wireName());
            }
        }
    }

    void start() {
        commits.start();
        locked.start();
    }

    boolean isAlive() {
        return commits.isAlive() && locked.isAlive();
    }

    void add(Settlement settlement) {
        if (!commits.offer(settlement)) {
            tellUnsettled(1);
        }
    }

    /** Writes what is waiting and ends. To be called when nothing is in flight any more. */
    void stop(Duration limit) {
        int left = commits.stop(limit) + locked.stop(PAUSE);
        if (left > 0) {
            tellUnsettled(left);
        }
    }

    /** Writes one batch; once, whatever happens. */
    void settle(List<Settlement> batch) {
        settle(batch, ledger::settle);
    }

    private void settle(
            List<Settlement> batch, Function<List<Settlement>, List<GateChange>> write) {
        long start = System.nanoTime();
        var gates = write.apply(batch);
        settleTime.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        batch.forEach(this::tell);
        gates.forEach(Settler::tell);
    }

    private void write(List<Settlement> batch) {
        try {
            settleSurely(batch);
        } catch (InterruptedException e) {
            tellUnsettled(batch.size());
            Thread.currentThread().interrupt();
        }
    }

    private static void tellUnsettled(int results) {
        log.atWarn()
                .addKeyValue("unsettled", results)
                .log("Stopped before all results were written; those deliveries are sent again");
    }

    private void settleSurely(List<Settlement> batch) throws InterruptedException {
        while (true) {
            try {
                settle(batch);
                whenSettled.accept(batch);
                return;
            } catch (DatabaseUnavailable e) {
                if (e.isLocked()) {
                    // One of them, and nobody knows for how long: the others must not wait for it.
                    for (var each : batch) {
                        settleAlone(each);
                    }
                    return;
                }
                log.warn("Results wait for the database: {}", e.getMessage());
                Thread.sleep(PAUSE);
            } catch (RuntimeException e) {
                log.error("A batch of results could not be written; trying them one by one", e);
                for (var each : batch) {
                    settleAlone(each);
                }
                return;
            }
        }
    }

    private void settleAlone(Settlement settlement) throws InterruptedException {
        while (true) {
            try {
                if (isSettled(settlement)) {
                    whenSettled.accept(List.of(settlement));
                } else {
                    log.atWarn()
                            .addKeyValue("delivery_id", settlement.delivery().id())
                            .addKeyValue("system", settlement.delivery().system())
                            .log("A result waits for a lock that another database session holds");
                    tryLater(settlement);
                }
                return;
            } catch (DatabaseUnavailable e) {
                Thread.sleep(PAUSE);
            }
        }
    }

    private void tryLater(Settlement settlement) {
        if (!locked.offer(settlement)) {
            tellUnsettled(1);
        }
    }

    /** One round over what is locked, and then a pause for all that still is. */
    private void writeLocked(List<Settlement> batch) {
        var still = new ArrayList<Settlement>();
        for (var each : batch) {
            try {
                if (isSettled(each)) {
                    whenSettled.accept(List.of(each));
                } else {
                    still.add(each);
                }
            } catch (DatabaseUnavailable e) {
                log.debug("A result that was locked waits for the database", e);
                still.add(each);
            }
        }
        if (still.isEmpty()) {
            return;
        }
        try {
            Thread.sleep(PAUSE);
            still.forEach(this::tryLater);
        } catch (InterruptedException e) {
            tellUnsettled(still.size());
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Whether it is written now; one that cannot be is given up.
     *
     * @return false if another session has locked what it is about
     */
    private boolean isSettled(Settlement settlement) {
        try {
            settle(List.of(settlement), ledger::settleUnlessLocked);
            return true;
        } catch (DatabaseUnavailable e) {
            if (e.isLocked()) {
                return false;
            }
            throw e;
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("delivery_id", settlement.delivery().id())
                    .setCause(e)
                    .log("A result could not be written; the delivery is sent again later");
            settleWithout(settlement);
            return true;
        }
    }

    /**
     * A result that cannot be written must not bring its delivery back as soon as its lease ends.
     */
    private void settleWithout(Settlement unwritable) {
        try {
            settle(List.of(whenUnwritable.apply(unwritable)));
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("delivery_id", unwritable.delivery().id())
                    .setCause(e)
                    .log(
                            "The substitute result could not be written either; the delivery's"
                                    + " lease ends by itself");
        }
    }

    private void tell(Settlement settled) {
        var system = settled.delivery().system().value();
        attempts.withTags("system", system, "reply", settled.attempt().reply().wireName())
                .increment();
        switch (settled.next()) {
            case Settlement.Next.Park(var reason) ->
                    log.atWarn()
                            .addKeyValue("delivery_id", settled.delivery().id())
                            .addKeyValue("system", system)
                            .addKeyValue("reason", reason)
                            .log("A delivery is parked until an operator looks at it");
            case Settlement.Next.Retry(var at, var reason) -> tellAgain(settled, reason, at);
            case Settlement.Next.Postpone(var at, var reason) -> tellAgain(settled, reason, at);
            case Settlement.Next.Close closed -> {}
            case Settlement.Next.Delivered delivered -> {}
            case Settlement.Next.AwaitReceipt(var by, var doubt) -> {
                if (doubt != null) {
                    log.atInfo()
                            .addKeyValue("delivery_id", settled.delivery().id())
                            .addKeyValue("system", system)
                            .addKeyValue("reason", doubt)
                            .log("A client system's acceptance is in doubt; a receipt is awaited");
                }
            }
        }
    }

    private static void tellAgain(Settlement settled, String reason, Instant at) {
        log.atDebug()
                .addKeyValue("delivery_id", settled.delivery().id())
                .addKeyValue("system", settled.delivery().system())
                .addKeyValue("attempt", settled.delivery().attempt())
                .addKeyValue("reason", reason)
                .addKeyValue("again_at", at)
                .log("A delivery failed and is sent again later");
    }

    private static void tell(GateChange gate) {
        if (gate.until() == null) {
            log.atInfo().addKeyValue("system", gate.system()).log("A client system works again");
        } else {
            log.atWarn()
                    .addKeyValue("system", gate.system())
                    .addKeyValue("reason", gate.reason())
                    .addKeyValue("until", gate.until())
                    .log("A client system is held back");
        }
    }
}
