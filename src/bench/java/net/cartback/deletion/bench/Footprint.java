package net.cartback.deletion.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * From process start to ready on an existing database, with an archive that is made as the image's
 * is; and resident memory, idle and under load, with a heap of at most 1 GiB.
 */
final class Footprint {

    private static final int STARTS = 7;
    private static final int LOAD = 60_000;

    private Footprint() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("footprint");
        var archive = directory.resolve("relay.aot").toAbsolutePath();
        Files.deleteIfExists(archive);
        try (var receiver = new Receiver(Receiver.Manner.ANSWERS)) {
            var systems = List.of(Relay.system("one", receiver.url()));
            try (var relay =
                    new Relay(
                            directory,
                            db,
                            systems,
                            List.of("-XX:AOTCacheOutput=" + archive, "-Xlog:aot=error"),
                            Map.of())) {
                Load.run(relay.port(), 1, Load.callbacks(5));
                Results.say("without the archive %.0f ms".formatted(relay.readyMs()));
            }
            if (!Files.exists(archive)) {
                throw new IllegalStateException("No archive was made");
            }
            var jvm = List.of("-XX:AOTCache=" + archive, "-XX:AOTMode=on");
            var ready = new ArrayList<Double>();
            for (int i = 0; i < STARTS; i++) {
                try (var relay = new Relay(directory, db, systems, jvm, Map.of())) {
                    ready.add(relay.readyMs());
                }
            }
            Results.say("ready after ms: " + ready);
            results.put("start", "ready_ms", Load.median(ready));
            try (var relay = new Relay(directory, db, systems, jvm, Map.of())) {
                TimeUnit.SECONDS.sleep(5);
                results.put("memory", "idle_mib", Cpu.residentMib(relay.pid()));
                Load.run(relay.port(), 64, Load.callbacks(LOAD));
                results.put("memory", "loaded_mib", Cpu.residentMib(relay.pid()));
            }
        }
    }
}
