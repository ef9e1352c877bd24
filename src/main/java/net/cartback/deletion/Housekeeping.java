package net.cartback.deletion;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;

import net.cartback.deletion.ledger.Backlog;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Retention;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.stream.Stream;

/**
 * What is done again and again beside the path of deletions: the registry's copy is renewed in case
 * a signal was lost, the clock is anchored again, open requests get the deliveries of systems that
 * were added since, the figures that need the database are measured here and not at each scrape,
 * and what was kept long enough is erased. Thread-safe.
 */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration ROUND = Duration.ofSeconds(10);

    private final Database database;
    private final DatabaseClock clock;
    private final Registry registry;
    private final Ledger ledger;
    private final Retention retention;
    private final MultiGauge backlog;
    private final MultiGauge lag;
    private final MultiGauge held;
    private final Thread thread = Thread.ofVirtual().name("housekeeping").unstarted(this::run);

    /** Of its own: to erase much takes long, and nothing else may wait for it. */
    private final Thread sweeping = Thread.ofVirtual().name("retention").unstarted(this::sweep);

    private volatile Duration oldest = Duration.ZERO;
    private volatile boolean stopping;

    Housekeeping(
            Database database,
            DatabaseClock clock,
            Registry registry,
            Ledger ledger,
            Retention retention,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.registry = registry;
        this.ledger = ledger;
        this.retention = retention;
        Gauge.builder("relay.oldest.open.request", () -> oldest.toSeconds())
                .baseUnit("seconds")
                .description("Age of the oldest request that is not completed")
                .register(meters);
        backlog =
                MultiGauge.builder("relay.backlog")
                        .description(
                                "Deliveries not closed, by client system and state; counted to"
                                        + " 100 000")
                        .register(meters);
        held =
                MultiGauge.builder("relay.system.held")
                        .description("1 while a client system is held back or paused")
                        .register(meters);
        lag =
                MultiGauge.builder("relay.delivery.lag")
                        .baseUnit("seconds")
                        .description(
                                "How long the delivery that is due the longest has waited to be"
                                        + " sent, by client system")
                        .register(meters);
    }

    void start() {
        thread.start();
        sweeping.start();
    }

    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        sweeping.interrupt();
    }

    boolean isAlive() {
        return thread.isAlive() && sweeping.isAlive();
    }

    private void sweep() {
        while (!stopping) {
            try {
                retention.sweepIfDue();
            } catch (DatabaseUnavailable e) {
                log.warn("What is due is erased later: {}", e.getMessage());
            } catch (RuntimeException e) {
                log.error("What is due could not be erased; trying again", e);
            }
            try {
                Thread.sleep(ROUND);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void run() {
        while (!stopping) {
            try {
                clock.anchor(database);
                registry.reload();
                ledger.fillOpenRequests();
                measure();
            } catch (DatabaseUnavailable e) {
                log.debug("Housekeeping waits for the database", e);
            } catch (RuntimeException e) {
                log.error("A round of housekeeping failed; trying again", e);
            }
            try {
                Thread.sleep(ROUND);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void measure() {
        oldest = ledger.ageOfOldestOpenRequest();
        var measured = ledger.backlog();
        backlog.register(
                measured.stream()
                        .flatMap(
                                each ->
                                        Stream.of(
                                                row(each, "pending", each.pending()),
                                                row(
                                                        each,
                                                        "awaiting_receipt",
                                                        each.awaitingReceipt()),
                                                row(each, "parked", each.parked())))
                        .toList(),
                true);
        held.register(
                measured.stream()
                        .map(each -> Row.of(Tags.of("system", each.system().value()), held(each)))
                        .toList(),
                true);
        lag.register(
                measured.stream()
                        .map(
                                each ->
                                        Row.of(
                                                Tags.of("system", each.system().value()),
                                                each.lag().toMillis() / 1000.0))
                        .toList(),
                true);
    }

    private static double held(Backlog backlog) {
        var reason = backlog.heldReason();
        return reason == null || reason.equals("rate") ? 0 : 1;
    }

    private static Row<Number> row(Backlog backlog, String state, long deliveries) {
        return Row.of(Tags.of("system", backlog.system().value(), "state", state), deliveries);
    }
}
