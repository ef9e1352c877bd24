package net.cartback.deletion.bench;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A backlog of 30 000 deliveries to three fast systems, signed and settled: against a raw loop of
 * the same HTTP client without a database, and against db-scheduler doing the same work.
 */
final class Fanout {

    private static final int REQUESTS = 10_000;
    private static final int WARM_ROUNDS = 5;
    private static final int ROUNDS = 5;

    private Fanout() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("fanout");
        try (var one = new Receiver(Receiver.Manner.ANSWERS);
                var two = new Receiver(Receiver.Manner.ANSWERS);
                var three = new Receiver(Receiver.Manner.ANSWERS);
                var relay =
                        new Relay(
                                directory,
                                db,
                                List.of(
                                        Relay.system("one", one.url()),
                                        Relay.system("two", two.url()),
                                        Relay.system("three", three.url())),
                                List.of(),
                                Map.of());
                var ceiling =
                        new ReferenceProcess(
                                "ceiling", db, List.of(one.url(), two.url(), three.url()));
                var scheduler =
                        new ReferenceProcess(
                                "db-scheduler",
                                postgres.create("fanout_scheduler"),
                                List.of(one.url(), two.url(), three.url()))) {
            for (int i = 0; i < WARM_ROUNDS; i++) {
                drain(db, relay, one, two, three);
                double warm = ceiling.perSecond(REQUESTS * 3);
                Results.say(
                        "warming: ceiling %.0f/s, db-scheduler %.0f/s"
                                .formatted(warm, scheduler.perSecond(REQUESTS * 3)));
            }
            var toCeiling = new ArrayList<Double>();
            var toScheduler = new ArrayList<Double>();
            var perSecond = new ArrayList<Double>();
            var relayCpu = new ArrayList<Double>();
            var postgresCpu = new ArrayList<Double>();
            for (int round = 0; round < ROUNDS; round++) {
                fill(db, relay, REQUESTS);
                double relayBefore = relay.cpuSeconds();
                double postgresBefore = postgres.cpuSeconds();
                double seconds = release(db, REQUESTS, one, two, three);
                double thousands = REQUESTS * 3 / 1000.0;
                perSecond.add(REQUESTS * 3 / seconds);
                relayCpu.add((relay.cpuSeconds() - relayBefore) / thousands);
                postgresCpu.add((postgres.cpuSeconds() - postgresBefore) / thousands);
                double most = ceiling.perSecond(REQUESTS * 3);
                double scheduled = scheduler.perSecond(REQUESTS * 3);
                toCeiling.add(perSecond.getLast() / most);
                toScheduler.add(perSecond.getLast() / scheduled);
                Results.say("ceiling %.0f/s, db-scheduler %.0f/s".formatted(most, scheduled));
                Results.say(
                        "%.0f/s, CPU s per 1000: relay %.3f, PostgreSQL %.3f"
                                .formatted(
                                        perSecond.getLast(),
                                        relayCpu.getLast(),
                                        postgresCpu.getLast()));
            }
            Results.say(relay.metrics("relay_(claim|settle)_seconds_(count|sum)"));
            results.put("fanout", "deliveries_per_s", Load.median(perSecond));
            results.put("fanout", "ratio_to_ceiling", Load.median(toCeiling));
            results.put("fanout", "ratio_to_db_scheduler", Load.median(toScheduler));
            results.put("fanout", "relay_cpu_s_per_1000", Load.median(relayCpu));
            results.put("fanout", "postgres_cpu_s_per_1000", Load.median(postgresCpu));
        }
    }

    static void pause(Postgres.Db db) throws SQLException {
        db.execute("UPDATE system_gate SET claimable_at = 'infinity', held_reason = 'paused'");
    }

    /** Lets everything go, and tells the relay so. */
    static void go(Postgres.Db db) throws SQLException {
        db.execute(
                "UPDATE system_gate SET claimable_at = '-infinity', held_reason = NULL, hold_level"
                        + " = 0, probe_lease = NULL",
                "NOTIFY relay_work");
    }

    /** Records so many requests while the systems are paused. */
    static void fill(Postgres.Db db, Relay relay, int requests) throws Exception {
        pause(db);
        Load.run(relay.port(), 64, Load.callbacks(requests));
        db.execute("CHECKPOINT", "VACUUM ANALYZE delivery", "VACUUM ANALYZE deletion_request");
    }

    /**
     * Lets them go, and takes the time until the last one is closed, in seconds. The database is
     * asked only when everything has been received: asking costs what is measured.
     */
    static double release(Postgres.Db db, int requests, Receiver... receivers) throws Exception {
        long expected = received(receivers) + (long) requests * receivers.length;
        long start = System.nanoTime();
        go(db);
        await(start, () -> received(receivers) >= expected);
        try (var connection = db.connect();
                var statement =
                        connection.prepareStatement(
                                "SELECT 1 FROM deletion_request WHERE closed_at IS NULL AND kind ="
                                        + " 'deletion' LIMIT 1")) {
            await(
                    start,
                    () -> {
                        try (var row = statement.executeQuery()) {
                            return !row.next();
                        }
                    });
        }
        return (System.nanoTime() - start) / 1e9;
    }

    static long received(Receiver... receivers) {
        return Arrays.stream(receivers).mapToLong(Receiver::received).sum();
    }

    private static void await(long start, Callable<Boolean> done) throws Exception {
        while (!done.call()) {
            if (System.nanoTime() - start > TimeUnit.MINUTES.toNanos(5)) {
                throw new IllegalStateException("The deliveries have not ended");
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static void drain(Postgres.Db db, Relay relay, Receiver... receivers) throws Exception {
        fill(db, relay, REQUESTS);
        Results.say("warming: %.1f s".formatted(release(db, REQUESTS, receivers)));
    }
}
