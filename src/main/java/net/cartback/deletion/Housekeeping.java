package net.cartback.deletion;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.registry.ClientSystemId;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is done again and again beside the path of deletions: the registry's copy is renewed in case
 * a signal was lost, the clock is anchored again, and the figures that need the database are
 * measured here and not at each scrape. Thread-safe.
 */
final class Housekeeping {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration ROUND = Duration.ofSeconds(10);

    private final Database database;
    private final DatabaseClock clock;
    private final Registry registry;
    private final Ledger ledger;
    private final MeterRegistry meters;
    private final Map<ClientSystemId, Long> backlog = new ConcurrentHashMap<>();
    private final Thread thread = Thread.ofVirtual().name("housekeeping").unstarted(this::run);
    private volatile Duration oldest = Duration.ZERO;
    private volatile boolean stopping;

    Housekeeping(
            Database database,
            DatabaseClock clock,
            Registry registry,
            Ledger ledger,
            MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.registry = registry;
        this.ledger = ledger;
        this.meters = meters;
        Gauge.builder("relay.oldest.open.request", () -> oldest.toSeconds())
                .baseUnit("seconds")
                .description("Age of the oldest request that is not completed")
                .register(meters);
    }

    void start() {
        thread.start();
    }

    void stop() {
        stopping = true;
        thread.interrupt();
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    private void run() {
        while (!stopping) {
            try {
                clock.anchor(database);
                registry.reload();
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
        ledger.backlog()
                .forEach(
                        (system, pending) -> {
                            if (backlog.put(system, pending) == null) {
                                Gauge.builder("relay.backlog", () -> backlog.get(system))
                                        .tag("system", system.value())
                                        .description(
                                                "Deliveries that are due, in flight or waiting to"
                                                        + " be sent again")
                                        .register(meters);
                            }
                        });
    }
}
