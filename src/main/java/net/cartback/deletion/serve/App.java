package net.cartback.deletion.serve;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import net.cartback.deletion.attention.Watch;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.listener.TlsIdentity;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.Signals;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.web.HealthRoutes;
import net.cartback.deletion.web.Proxies;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The whole program, wired in this one class. No other class knows the real clock, the real source
 * of randomness, and which part is given to which.
 *
 * <p>Listeners start early and answer 503 until the database is there and its schema is current.
 * Then the loops start. A stop takes the reverse order.
 */
public final class App implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(App.class);
    public static final String WORK = "relay_work";
    public static final String REGISTRY = "relay_registry";
    private static final Duration CHAIN_EVERY = Duration.ofSeconds(1);
    private static final Duration RENEW_EVERY = Duration.ofHours(1);
    private static final Duration REGISTRY_LOOK = Duration.ofSeconds(10);
    private static final Duration CERTIFICATE_LOOK = Duration.ofSeconds(5);
    private static final Duration EMBEDDED_LOOK = Duration.ofSeconds(2);

    private final @Nullable EmbeddedDatabase embedded;
    private final DatabaseAddress address;
    private final Database database;
    private final DatabaseClock clock = new DatabaseClock();
    private final Signals signals;
    private final PublicUrl publicUrl = new PublicUrl();
    private final KeyWatch keys;
    private final Parts parts;
    private final ConfiguredRegistry registryFile;
    private final Housekeeping housekeeping;
    private final Figures figures;
    private final Loop waitingRegistry;
    private final Loop audit;
    private final @Nullable Loop mails;

    /** Renews a keyring that the relay made itself. The owner of any other keyring renews it. */
    private final @Nullable Loop renewal;

    private final HttpListener listener;
    private final HttpListener management;
    private final @Nullable HttpListener metrics;

    /** What is open, the last on top: it is closed in the reverse order. */
    private final Opened opened = new Opened();

    private volatile boolean ready;

    /**
     * Opens everything that needs no schema, and starts to listen.
     *
     * @throws Refused if a file that the configuration names cannot be used, or an address not be
     *     listened on
     */
    public App(Config config) {
        var file = ConfiguredRegistry.read(config);
        var listeners = new Listeners(opened, Proxies.in(config.trustedProxies()));
        try {
            embedded = embedded(config);
            address = embedded == null ? config.databaseOrFail() : embedded.address();
            var keyringFile = KeyringFile.open(config, clock);
            var meters = Meters.make(opened);
            database = new Database(address, config.databasePoolSize());
            database.measure(meters);
            opened.push(database::close);
            signals = new Signals(database);
            opened.push(signals::close);
            keys =
                    new KeyWatch(
                            keyringFile,
                            new KeyRegister(database, keyringFile.keyring(), clock),
                            this::rememberRegistry);
            opened.push(keys::close);
            var identity = Listeners.identity(config);
            parts = parts(config, keyringFile.keyring(), identity, meters);
            opened.push(parts::close);
            registryFile = new ConfiguredRegistry(file, parts.registry(), signals);
            renewal = renewal(config);
            audit = opened.loop("audit", CHAIN_EVERY, parts.audit()::round);
            mails = sends(config) ? parts.cases().mails(opened) : null;
            housekeeping = housekeeping(config, meters);
            opened.push(housekeeping::close);
            figures = new Figures(parts.attentions()::all, parts::beginCounters, meters);
            opened.push(figures::close);
            waitingRegistry = opened.loop("registry", REGISTRY_LOOK, registryFile::applyIfItWaits);
            measure(meters);
            Listeners.measure(identity, clock, meters);
            metrics = metrics(config, listeners);
            management = management(config, listeners);
            // Right after the public listener: what has been taken in comes first of all.
            opened.push(parts::close);
            if (identity != null) {
                opened.loop("certificate", CERTIFICATE_LOOK, identity::reloadIfChanged).start();
            }
            listener =
                    listeners.open(
                            "PORT", config.listen(), () -> ready, identity, parts.publicRoutes());
            // First of all no other mail is begun: one that is under way has the whole stop.
            opened.push(parts.cases()::stop);
        } catch (RuntimeException | Error e) {
            // Whatever it was, nothing may be left open: no port, no database server.
            close();
            throw e;
        }
        var configured = config.publicUrl();
        publicUrl.set(configured == null ? config.localUrl(listener.port()) : configured);
        signals.on(WORK, parts.dispatcher()::wake);
        signals.on(REGISTRY, parts.registry()::reload);
    }

    private @Nullable EmbeddedDatabase embedded(Config config) {
        if (!config.isEmbedded()) {
            return null;
        }
        var server = EmbeddedDatabase.open(config.dataDir());
        opened.push(server::close);
        if (!server.isOwner()) {
            throw new Refused(
                    List.of("DATA_DIR " + config.dataDir() + " is in use by another relay"));
        }
        return server;
    }

    private Parts parts(
            Config config,
            Keyring keyring,
            @Nullable TlsIdentity identity,
            PrometheusMeterRegistry meters) {
        var around =
                new Parts.Surroundings(
                        database,
                        signals,
                        keyring,
                        clock,
                        new SecureRandom(),
                        Proxies.in(config.trustedProxies()),
                        publicUrl,
                        keys::isInStep,
                        () -> ready,
                        clock::trustedFor,
                        meters);
        return new Parts(around, Settings.of(config), watches(identity));
    }

    /** One that does not waits for what an operator enters first. */
    private static boolean sends(Config config) {
        return config.dispatchConcurrency() > 0;
    }

    private List<Watch> watches(@Nullable TlsIdentity identity) {
        return List.of(
                () -> Watches.certificate(identity, clock.instant()),
                () -> Watches.clocks(clock),
                () -> Watches.figures(housekeeping),
                () -> Watches.keyring(keys.unreadSince()));
    }

    private void measure(MeterRegistry meters) {
        Gauge.builder("relay.ready", () -> isReady() ? 1 : 0)
                .description("1 while it takes callbacks and sends deliveries")
                .register(meters);
    }

    private Housekeeping housekeeping(Config config, MeterRegistry meters) {
        return new Housekeeping(
                database,
                clock,
                parts.registry(),
                parts.backlogs(),
                parts.backfill(),
                parts.retention(),
                parts.idempotencyKeys(),
                sends(config),
                meters);
    }

    private @Nullable HttpListener metrics(Config config, Listeners listeners) {
        var address = config.metrics();
        return address == null
                ? null
                : listeners.open(
                        "METRICS_PORT", address, () -> true, null, List.of(parts.metrics()));
    }

    private HttpListener management(Config config, Listeners listeners) {
        return listeners.open(
                "MANAGEMENT_PORT",
                config.management(),
                () -> true,
                null,
                with(
                        new HealthRoutes(live(), Map.of("ready", this::isReady)),
                        parts.managementRoutes()));
    }

    private static List<Routes> with(Routes one, List<Routes> others) {
        return Stream.concat(Stream.of(one), others.stream()).toList();
    }

    /**
     * Waits for the database and its schema (and migrates it, if it is the embedded one), applies
     * the registry file, and starts the loops.
     *
     * @param stop counted down when the waiting shall end
     * @return false if it was told to stop first
     * @throws InvalidRegistry if the registry file does not fit what is registered
     */
    public boolean becomeReady(CountDownLatch stop) throws InterruptedException {
        if (embedded != null) {
            Migrations.migrate(address, null);
        }
        return becomeReadyOnSchema(stop);
    }

    /** As {@link #becomeReady}, where the schema is this program's to make. */
    public boolean becomeReadyAlone(CountDownLatch stop) throws InterruptedException {
        Migrations.migrate(address, null);
        return becomeReadyOnSchema(stop);
    }

    private boolean becomeReadyOnSchema(CountDownLatch stop) throws InterruptedException {
        if (!new Startup(address, database, clock, keys, registryFile).await(stop)) {
            return false;
        }
        signals.start();
        keys.start();
        housekeeping.start();
        figures.start();
        waitingRegistry.start();
        audit.start();
        if (embedded != null) {
            opened.loop("embedded", EMBEDDED_LOOK, () -> EmbeddedDatabaseGone.unless(embedded))
                    .start();
        }
        for (var loop : Stream.of(renewal, mails).filter(Objects::nonNull).toList()) {
            loop.start();
        }
        parts.dispatcher().start();
        ready = true;
        log.atInfo()
                .addKeyValue("port", listener.port())
                .addKeyValue("management_port", management.port())
                .addKeyValue("public_url", publicUrl.base())
                .log("Ready");
        return true;
    }

    public Registry registry() {
        return parts.registry();
    }

    public int port() {
        return listener.port();
    }

    public int managementPort() {
        return management.port();
    }

    private boolean isReady() {
        return ready && keys.isInStep();
    }

    /** The port of the metrics' own listener; the management listener's port if there is none. */
    public int metricsPort() {
        return metrics == null ? management.port() : metrics.port();
    }

    public String publicUrl() {
        return publicUrl.base();
    }

    /** Takes nothing more in, finishes what is in flight, and lets everything go. */
    @Override
    public void close() {
        ready = false;
        opened.close();
    }

    private @Nullable Loop renewal(Config config) {
        return config.isEmbedded() && config.keyringFile() == null && sends(config)
                ? opened.loop("renewal", RENEW_EVERY, () -> KeyRenewal.run(config, database, clock))
                : null;
    }

    /** The file is known under the new key too, before the old one goes. */
    private void rememberRegistry() {
        registryFile.remember();
    }

    /** A loop that has not been started yet counts as alive. */
    private Map<String, BooleanSupplier> live() {
        return Map.of(
                "record", () -> !ready || parts.batcher().isAlive(),
                "dispatch", () -> !ready || parts.dispatcher().isAlive(),
                "signals", () -> !ready || signals.isAlive(),
                "audit", () -> !ready || audit.isAlive(),
                "keys", () -> !ready || keys.isAlive(),
                "housekeeping", () -> !ready || housekeeping.isAlive(),
                "mail", () -> !ready || mails == null || mails.isAlive(),
                "figures", () -> !ready || figures.isAlive());
    }
}
