package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.config.SecretFile;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.demo.Demo;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.serve.App;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.ExtraDatabase;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The relay with its sample app and sample client systems, wired for the {@code demo} command. It
 * works in a directory of its own, or beside a database in one of its own, and touches nothing that
 * it did not make.
 */
final class DemoRun implements AutoCloseable {

    /** Where the demo keeps its data, unless DATA_DIR says otherwise. */
    static final String DIRECTORY = "./demo-data";

    private static final String DATABASE = "deletion_relay_demo";

    /** What the demo takes from the environment; all else is of a relay in earnest. */
    private static final List<String> TAKEN =
            List.of(
                    "HOST",
                    "PORT",
                    "MANAGEMENT_HOST",
                    "MANAGEMENT_PORT",
                    "DATA_DIR",
                    "DATABASE_URL",
                    "DATABASE_INSECURE");

    private final Config config;
    private final Demo demo;
    private final App app;

    DemoRun(Terminal terminal) {
        var adapted = new HashMap<>(terminal.environment());
        adapted.keySet().retainAll(TAKEN);
        adapted.putIfAbsent("DATA_DIR", DIRECTORY);
        adapted.putIfAbsent("HOST", "127.0.0.1");
        // The sample systems are on this machine, over plain HTTP.
        adapted.put("OUTBOUND_ALLOW", "127.0.0.1/32");
        if (adapted.containsKey("DATABASE_URL")) {
            adapted.put(
                    "KEYRING_FILE",
                    keyring(Path.of(adapted.getOrDefault("DATA_DIR", DIRECTORY))).toString());
        }
        config = elsewhere(Config.read(adapted));
        var bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        demo = new Demo(HexFormat.of().formatHex(bytes), terminal.out()::println);
        try {
            app = new App(config);
        } catch (RuntimeException e) {
            demo.close();
            throw e;
        }
    }

    /** The keyring of the demo's database, made once. */
    private static Path keyring(Path directory) {
        var file = directory.resolve("keyring.json");
        if (!Files.exists(file)) {
            SecretFile.write(file, new KeyMaker(new SecureRandom()).generate(Instant.now()));
        }
        return file;
    }

    /** In a database of the demo's own, beside the one that was named. */
    private static Config elsewhere(Config given) {
        if (given.isEmbedded()) {
            return given;
        }
        DatabaseAddress own = ExtraDatabase.beside(given.databaseOrFail(), DATABASE);
        return given.withDatabase(own);
    }

    App app() {
        return app;
    }

    /** Refuses a place with an app or a system in it that no demo has made. */
    void requireNothingOfOthers() {
        var others = new TreeSet<>(app.registry().idsIfAny());
        others.removeAll(Demo.IDS);
        if (!others.isEmpty()) {
            throw new Refused(
                    List.of(
                            (config.isEmbedded()
                                            ? "DATA_DIR " + config.dataDir()
                                            : "the database " + DATABASE)
                                    + " holds apps or systems that no demo has made; the demo"
                                    + " works in a directory of its own, such as "
                                    + DIRECTORY));
        }
    }

    void play() {
        app.registry().apply(RegistryFile.parse(demo.registry(), Map.of(), true));
        demo.play(
                app.publicUrl(),
                "http://localhost:" + app.port(),
                "http://localhost:" + app.managementPort());
    }

    @Override
    public void close() {
        app.close();
        demo.close();
    }
}
