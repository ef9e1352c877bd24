package net.cartback.deletion;

import net.cartback.deletion.demo.Demo;
import net.cartback.deletion.registry.RegistryFile;

import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** The relay with its sample app and sample client systems, wired for the {@code demo} command. */
final class DemoRun implements AutoCloseable {

    private final Demo demo;
    private final App app;

    DemoRun(Map<String, String> environment) {
        var adapted = new HashMap<>(environment);
        // The sample systems are on this machine, over plain HTTP. Everything else is as it always
        // is.
        adapted.put("OUTBOUND_ALLOW", "127.0.0.1/32");
        for (var name : new String[] {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REGISTRY_FILE"}) {
            adapted.remove(name);
        }
        var config = Config.readToServe(adapted);
        var bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        demo = new Demo(HexFormat.of().formatHex(bytes), System.out::println);
        try {
            app = new App(config);
        } catch (RuntimeException e) {
            demo.close();
            throw e;
        }
    }

    App app() {
        return app;
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
