package net.cartback.deletion.serve;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.reading.Backlog;
import net.cartback.deletion.reading.Backlogs;
import net.cartback.deletion.recording.Backfill;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.retention.Retention;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Recurring work beside the path of deletions. Each round reloads the registry in case a signal was
 * lost, anchors the clock again, gives open requests the deliveries of systems that were added
 * since, and measures the figures that need the database, so that no scrape has to. A second loop
 * erases records whose retention period has ended.
 */
final class Housekeeping implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
    private static final Duration ROUND = Duration.ofSeconds(10);
    private static final Duration FRESH = Duration.ofMinutes(1);

    private final Database database;
    private final DatabaseClock clock;
    private final Registry registry;
    private final Backlogs backlogs;
    private final Backfill backfill;
    private final Retention retention;
    private final IdempotencyKeys idempotencyKeys;
    private final boolean erases;
    private final MultiGauge backlog;
    private final MultiGauge lag;
    private final MultiGauge held;
    private final Loop rounds = new Loop("housekeeping", ROUND, this::round);

    /** Of its own: to erase much takes long, and nothing else may wait for it. */
    private final Loop sweeps = new Loop("retention", ROUND, this::sweep);

    /** When the last round began of which every part has ended well. */
    private final LastSeen rounded;

    private volatile boolean started;
    private volatile double oldest;
    private volatile double oldestSnapshot;
    private volatile boolean isDatabaseThere;

    /**
     * @param erases whether it ends what was kept long enough
     */
    Housekeeping(
            Database database,
            DatabaseClock clock,
            Registry registry,
            Backlogs backlogs,
            Backfill backfill,
            Retention retention,
            IdempotencyKeys idempotencyKeys,
            boolean erases,
            MeterRegistry meters) {
        this(
                database,
                clock,
                registry,
                backlogs,
                backfill,
                retention,
                idempotencyKeys,
                erases,
                meters,
                new LastSeen());
    }

    /** With another way to tell how long a round is ago. */
    Housekeeping(
            Database database,
            DatabaseClock clock,
            Registry registry,
            Backlogs backlogs,
            Backfill backfill,
            Retention retention,
            IdempotencyKeys idempotencyKeys,
            boolean erases,
            MeterRegistry meters,
            LastSeen rounded) {
        this.rounded = rounded;
        // Before the first round, nothing is old.
        rounded.at(rounded.now());
        this.database = database;
        this.clock = clock;
        this.registry = registry;
        this.backlogs = backlogs;
        this.backfill = backfill;
        this.retention = retention;
        this.idempotencyKeys = idempotencyKeys;
        this.erases = erases;
        measure(meters);
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
                                "Waiting time of the delivery that has been due for the longest"
                                        + " time, by client system")
                        .register(meters);
    }

    private void measure(MeterRegistry meters) {
        Gauge.builder("relay.oldest.open.request", () -> oldest)
                .baseUnit("seconds")
                .description("Age of the oldest request that is not completed")
                .register(meters);
        Gauge.builder("relay.clock.offset", () -> seconds(clock.ofHost()))
                .baseUnit("seconds")
                .tag("of", "host")
                .description("How far this clock is ahead of the clock that the relay uses")
                .register(meters);
        Gauge.builder("relay.clock.offset", () -> seconds(clock.ofDatabase()))
                .baseUnit("seconds")
                .tag("of", "database")
                .description("How far this clock is ahead of the clock that the relay uses")
                .register(meters);
        Gauge.builder("relay.database.oldest.snapshot", () -> oldestSnapshot)
                .baseUnit("seconds")
                .description(
                        "Age of the open transaction that has kept dead rows for the longest time,"
                            + " among those that the relay's role may see (pg_read_all_stats: all)")
                .register(meters);
        Gauge.builder("relay.database.up", () -> isDatabaseThere ? 1 : 0)
                .description("1 if the database answered when it was last asked, each 10 s")
                .register(meters);
        Gauge.builder("relay.figures.age", () -> started ? seconds(rounded.age()) : 0)
                .baseUnit("seconds")
                .description("How long ago the figures that need the database were all measured")
                .register(meters);
    }

    void start() {
        // While it waited for the schema, there was nothing to measure.
        rounded.at(rounded.now());
        started = true;
        rounds.start();
        sweeps.start();
    }

    @Override
    public void close() {
        rounds.close();
        sweeps.close();
    }

    boolean isAlive() {
        return rounds.isAlive() && sweeps.isAlive();
    }

    /** Ends what was kept long enough, if it is time. */
    void sweep() {
        idempotencyKeys.tidy();
        if (erases) {
            retention.sweepIfDue();
        }
    }

    /** Whether every part of a round has ended well within the last minute, or it is young. */
    boolean isUpToDate() {
        return rounded.isWithin(FRESH);
    }

    /** A part of a round, and what is not known any more if it fails. */
    private record Part(String name, Runnable work, Runnable unknown) {}

    /** Each part for itself: one that fails must not keep the others from being done. */
    private void round() {
        var began = rounded.now();
        RuntimeException failed = null;
        for (var part :
                List.of(
                        new Part("database", this::look, () -> isDatabaseThere = false),
                        new Part("registry", registry::reload, () -> {}),
                        new Part(
                                "open transactions",
                                () -> oldestSnapshot = seconds(database.oldestSnapshot()),
                                () -> oldestSnapshot = Double.NaN),
                        new Part(
                                "oldest request",
                                () -> oldest = seconds(backlogs.ageOfOldestOpenRequest()),
                                () -> oldest = Double.NaN),
                        new Part("backlog", this::measureBacklog, this::forgetBacklog),
                        // Last, because it may take long.
                        new Part("backfill", backfill::fillOpenRequests, () -> {}))) {
            try {
                part.work().run();
            } catch (RuntimeException e) {
                part.unknown().run();
                tell(part, e);
                failed = failed == null ? e : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        rounded.at(began);
    }

    /** While the database is away, the loop says so, once for all. */
    private static void tell(Part part, RuntimeException failure) {
        if (!(failure instanceof DatabaseUnavailable away) || away.isLocked()) {
            log.atWarn()
                    .addKeyValue("part", part.name())
                    .addKeyValue("cause", failure.getMessage())
                    .log("A part of the housekeeping failed");
        }
    }

    private void look() {
        clock.anchor(database);
        isDatabaseThere = true;
    }

    /** Removes old figures, because a reader would take them for current ones. */
    private void forgetBacklog() {
        for (var gauge : List.of(backlog, held, lag)) {
            gauge.register(List.of(), true);
        }
    }

    private void measureBacklog() {
        var measured = backlogs.bySystem();
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

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }

    private static double held(Backlog backlog) {
        var reason = backlog.heldReason();
        return reason != null && reason.isHeld() ? 1 : 0;
    }

    private static Row<Number> row(Backlog backlog, String state, long deliveries) {
        return Row.of(Tags.of("system", backlog.system().value(), "state", state), deliveries);
    }
}
