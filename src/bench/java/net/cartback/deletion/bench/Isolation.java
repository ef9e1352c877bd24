package net.cartback.deletion.bench;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How long two healthy systems take for a backlog while a third one is sick, against the same
 * backlog without the third. All three are limited by nothing but themselves.
 */
final class Isolation {

    private static final int REQUESTS = 12_000;
    private static final int ROUNDS = 4;

    private Isolation() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("isolation");
        try (var one = new Receiver(Receiver.Manner.ANSWERS);
                var two = new Receiver(Receiver.Manner.ANSWERS);
                var late = new Receiver(Receiver.Manner.AFTER_5_SECONDS);
                var hangs = new Receiver(Receiver.Manner.HANGS);
                var says503 = new Receiver(Receiver.Manner.SAYS_503);
                var trickles = new Receiver(Receiver.Manner.TRICKLES)) {
            var sick = new LinkedHashMap<String, String>();
            sick.put("late", late.url());
            sick.put("hangs", hangs.url());
            sick.put("refuses", "http://127.0.0.1:1/");
            sick.put("unavailable", says503.url());
            sick.put("trickles", trickles.url());
            var systems = new ArrayList<String>();
            systems.add(Relay.system("one", one.url()));
            systems.add(Relay.system("two", two.url()));
            sick.forEach((id, url) -> systems.add(Relay.system(id, url, "timeout: PT6S")));
            var apps = new LinkedHashMap<String, List<String>>();
            apps.put("1", List.of("one", "two"));
            int number = 2;
            for (var id : sick.keySet()) {
                apps.put(Integer.toString(number++), List.of("one", "two", id));
            }
            try (var relay = new Relay(directory, db, systems, apps, List.of(), Map.of())) {
                for (int i = 0; i < 5; i++) {
                    take(db, relay, "1", REQUESTS, one, two);
                }
                double worst = 0;
                number = 2;
                for (var id : sick.keySet()) {
                    var app = Integer.toString(number);
                    var ratios = new ArrayList<Double>();
                    for (int round = 0; round < ROUNDS; round++) {
                        // Each goes first once in a while: the second of a pair is warmer.
                        double before =
                                round % 2 == 0 ? take(db, relay, "1", REQUESTS, one, two) : 0;
                        double with = take(db, relay, app, REQUESTS, one, two);
                        endOf(db, id);
                        double without =
                                round % 2 == 0 ? before : take(db, relay, "1", REQUESTS, one, two);
                        ratios.add(with / without);
                    }
                    Results.say("%s: %.2f × %s".formatted(id, Load.median(ratios), ratios));
                    worst = Math.max(worst, Load.median(ratios));
                    number++;
                }
                results.put("isolation", "worst_ratio", worst);
            }
        }
    }

    /** Seconds until the healthy systems have received everything. */
    private static double take(
            Postgres.Db db, Relay relay, String app, int requests, Receiver... healthy)
            throws Exception {
        Fanout.pause(db);
        Load.run(relay.port(), 64, Load.callbacks(app, requests));
        db.execute("CHECKPOINT", "VACUUM ANALYZE delivery", "VACUUM ANALYZE deletion_request");
        long before = Fanout.received(healthy);
        long start = System.nanoTime();
        Fanout.go(db);
        while (Fanout.received(healthy) - before < (long) requests * healthy.length) {
            if (System.nanoTime() - start > TimeUnit.MINUTES.toNanos(3)) {
                throw new IllegalStateException("The healthy systems have not got everything");
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /** Ends what the sick system has left, and waits for its calls to be over. */
    private static void endOf(Postgres.Db db, String system)
            throws SQLException, InterruptedException {
        db.execute(
                "UPDATE delivery SET state = 'closed', outcome = 'unconfirmed', closed_at = now(),"
                        + " next_attempt_at = NULL, lease_id = NULL WHERE system_id = '"
                        + system
                        + "' AND state <> 'closed'");
        TimeUnit.SECONDS.sleep(7);
    }
}
