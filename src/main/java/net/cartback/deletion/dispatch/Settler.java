package net.cartback.deletion.dispatch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * Writes what attempts came to, in batches: whatever is waiting when the last batch is done, never
 * a timer. While the database is away it holds on to the results, which are never more than the
 * deliveries in flight.
 */
final class Settler {

    private static final Logger log = LoggerFactory.getLogger(Settler.class);
    private static final int MAX_BATCH = 256;
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Ledger ledger;
    private final IntConsumer whenSettled;
    private final Function<ClaimedDelivery, Settlement.Next> whenUnwritable;
    private final MeterProvider<Counter> attempts;
    private final Timer settleTime;
    private final LinkedBlockingQueue<Settlement> waiting = new LinkedBlockingQueue<>();
    private final Thread thread = Thread.ofVirtual().name("settle").unstarted(this::run);
    private volatile boolean stopping;

    /**
     * @param whenSettled told how many of what was added are done with
     * @param whenUnwritable what follows for a delivery whose result cannot be written
     */
    Settler(
            Ledger ledger,
            IntConsumer whenSettled,
            Function<ClaimedDelivery, Settlement.Next> whenUnwritable,
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

    void start() {
        thread.start();
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    void add(Settlement settlement) {
        waiting.add(settlement);
    }

    /** Writes what is waiting and ends. To be called when nothing is in flight any more. */
    void stop(Duration limit) throws InterruptedException {
        stopping = true;
        if (!thread.join(limit)) {
            thread.interrupt();
        }
    }

    /** Writes one batch; once, whatever happens. */
    void settle(List<Settlement> batch) {
        settleTime.record(() -> ledger.settle(batch));
        batch.forEach(this::tell);
    }

    private void run() {
        var batch = new ArrayList<Settlement>(MAX_BATCH);
        try {
            while (!stopping || !waiting.isEmpty()) {
                var first = waiting.poll(100, TimeUnit.MILLISECONDS);
                if (first == null) {
                    continue;
                }
                batch.add(first);
                waiting.drainTo(batch, MAX_BATCH - 1);
                settleSurely(batch);
                whenSettled.accept(batch.size());
                batch.clear();
            }
        } catch (InterruptedException e) {
            log.atWarn()
                    .addKeyValue("unsettled", batch.size() + waiting.size())
                    .log(
                            "Stopped before all results were written; those deliveries are sent"
                                    + " again");
        }
    }

    private void settleSurely(List<Settlement> batch) throws InterruptedException {
        while (true) {
            try {
                settle(batch);
                return;
            } catch (DatabaseUnavailable e) {
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
                settle(List.of(settlement));
                return;
            } catch (DatabaseUnavailable e) {
                Thread.sleep(PAUSE);
            } catch (RuntimeException e) {
                log.atError()
                        .addKeyValue("delivery_id", settlement.delivery().id())
                        .setCause(e)
                        .log("A result could not be written; the delivery is sent again later");
                settleWithout(settlement);
                return;
            }
        }
    }

    /**
     * A result that cannot be written must not bring its delivery back as soon as its lease ends.
     */
    private void settleWithout(Settlement unwritable) {
        var tried = unwritable.attempt();
        try {
            settle(
                    List.of(
                            new Settlement(
                                    unwritable.delivery(),
                                    new Attempt(
                                            tried.startedAt(),
                                            tried.duration(),
                                            "try_again",
                                            "internal",
                                            null),
                                    whenUnwritable.apply(unwritable.delivery()))));
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("delivery_id", unwritable.delivery().id())
                    .setCause(e)
                    .log("Not even that could be written; its lease ends by itself");
        }
    }

    private void tell(Settlement settled) {
        var system = settled.delivery().system().value();
        attempts.withTags("system", system, "reply", settled.attempt().reply()).increment();
        switch (settled.next()) {
            case Settlement.Next.Park(var reason) ->
                    log.atWarn()
                            .addKeyValue("delivery_id", settled.delivery().id())
                            .addKeyValue("system", system)
                            .addKeyValue("reason", reason)
                            .log("A delivery is parked until an operator looks at it");
            case Settlement.Next.Retry(var at, var reason) ->
                    log.atInfo()
                            .addKeyValue("delivery_id", settled.delivery().id())
                            .addKeyValue("system", system)
                            .addKeyValue("attempt", settled.delivery().attempt())
                            .addKeyValue("reason", reason)
                            .addKeyValue("again_at", at)
                            .log("A delivery failed and is sent again later");
            case Settlement.Next.Close closed -> {}
            case Settlement.Next.AwaitReceipt awaiting -> {}
        }
    }
}
