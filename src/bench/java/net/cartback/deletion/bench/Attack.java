package net.cartback.deletion.bench;

import net.cartback.deletion.fixtures.Attackers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How long Meta waits while somebody at another address does what he can: the p99 of callbacks one
 * after the other, against the p99 of the same before each attack.
 */
final class Attack {

    private static final int WARM = 20_000;
    private static final int ROUNDS = 3;
    private static final int CALLBACKS = 500;

    private Attack() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("attack");
        try (var receiver = new Receiver(Receiver.Manner.ANSWERS);
                var relay =
                        new Relay(
                                directory,
                                db,
                                List.of(Relay.system("one", receiver.url())),
                                List.of(),
                                Map.of())) {
            var _ = Load.run(relay.port(), 32, Load.callbacks(WARM));
            for (var manner : Attackers.Manner.values()) {
                var attacked = new ArrayList<Double>();
                var ratios = new ArrayList<Double>();
                for (int round = 0; round < ROUNDS; round++) {
                    double calm = p99(relay);
                    try (var attackers = new Attackers(relay.port(), manner)) {
                        while (!attackers.areThere()) {
                            TimeUnit.MILLISECONDS.sleep(10);
                        }
                        attacked.add(p99(relay));
                    }
                    ratios.add(attacked.getLast() / calm);
                }
                var name = manner.name().toLowerCase(Locale.ROOT);
                Results.say(
                        "%s: p99 %.1f ms, %.1f times the calm one"
                                .formatted(name, Load.median(attacked), Load.median(ratios)));
                results.put("attack", name + "_p99_ms", Load.median(attacked));
                results.put("attack", name + "_p99_to_calm", Load.median(ratios));
            }
        }
    }

    private static double p99(Relay relay) throws InterruptedException {
        return Load.run(relay.port(), 1, Load.callbacks(CALLBACKS)).p99Ms();
    }
}
