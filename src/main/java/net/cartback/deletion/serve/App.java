package net.cartback.deletion.serve;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import net.cartback.deletion.access.Access;
import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.OidcTokens;
import net.cartback.deletion.access.Tokens;
import net.cartback.deletion.admin.AdminAccess;
import net.cartback.deletion.admin.AttentionRoutes;
import net.cartback.deletion.admin.AuditRoutes;
import net.cartback.deletion.admin.DeliveryRoutes;
import net.cartback.deletion.admin.ImportRoutes;
import net.cartback.deletion.admin.RegistryRoutes;
import net.cartback.deletion.admin.RequestRoutes;
import net.cartback.deletion.admin.SystemRoutes;
import net.cartback.deletion.attention.Attentions;
import net.cartback.deletion.audit.AuditChain;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.config.AdminToken;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.dispatch.Dispatcher;
import net.cartback.deletion.intake.IntakeRoutes;
import net.cartback.deletion.intake.Signatures;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.listener.IdleLimits;
import net.cartback.deletion.listener.PortInUse;
import net.cartback.deletion.listener.TlsIdentity;
import net.cartback.deletion.operation.OperatorVerbs;
import net.cartback.deletion.operation.RequestVerbs;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.reading.Backlogs;
import net.cartback.deletion.reading.DeliveryRecords;
import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.reading.Requests;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.receipt.ReceiptRoutes;
import net.cartback.deletion.recording.Backfill;
import net.cartback.deletion.recording.IdImport;
import net.cartback.deletion.recording.Recorder;
import net.cartback.deletion.recording.Recordings;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.retention.Retention;
import net.cartback.deletion.status.StatusRoutes;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.Signals;
import net.cartback.deletion.web.Brake;
import net.cartback.deletion.web.DocumentRoutes;
import net.cartback.deletion.web.HealthRoutes;
import net.cartback.deletion.web.MetricsRoutes;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The whole program, wired on this one page: the only place that knows the real clock, the real
 * randomness and who is given to whom.
 *
 * <p>Listeners start early and answer 503 until the database is there and its schema current; then
 * the loops start. Stopping goes the other way round.
 */
public final class App implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(App.class);
    public static final String WORK = "relay_work";
    public static final String REGISTRY = "relay_registry";
    private static final Duration CHAIN_EVERY = Duration.ofSeconds(1);
    private static final Duration BLOCK_EVERY = Duration.ofSeconds(10);
    private static final Duration RENEW_EVERY = Duration.ofHours(1);
    private static final Duration REGISTRY_LOOK = Duration.ofSeconds(10);
    private static final Duration CERTIFICATE_LOOK = Duration.ofSeconds(5);
    private static final Duration READY_POLL = Duration.ofSeconds(1);
    private static final Duration EMBEDDED_LOOK = Duration.ofSeconds(2);

    private final Predicate<InetAddress> isProxy;
    private final @Nullable EmbeddedDatabase embedded;
    private final DatabaseAddress address;
    private final Database database;
    private final DatabaseClock clock = new DatabaseClock();
    private final Signals signals;
    private final Registry registry;
    private final ConfiguredRegistry registryFile;
    private final KeyWatch keys;
    private final Housekeeping housekeeping;
    private final Figures figures;
    private final Loop waitingRegistry;
    private final Ledger ledger;
    private final Backfill backfill;
    private final IntakeRoutes intake;
    private final Loop audit;

    /** Of a keyring that was made here; another one is its owner's to renew. */
    private final @Nullable Loop renewal;

    private final Dispatcher dispatcher;
    private final Recorder recorder;
    private final HttpListener listener;
    private final HttpListener management;
    private final @Nullable HttpListener metrics;

    /** What is open, the last on top: it is closed in the reverse order. */
    private final Deque<Runnable> opened = new ArrayDeque<>();

    private final AtomicReference<String> publicUrl = new AtomicReference<>("");
    private volatile boolean ready;
    private volatile boolean registryWaits;

    /**
     * Opens everything that needs no schema, and starts to listen.
     *
     * @throws Config.Invalid if a file that the configuration names cannot be used, or an address
     *     not be listened on
     */
    public App(Config config) {
        var file = ConfiguredRegistry.read(config);
        isProxy =
                address ->
                        config.trustedProxies().stream().anyMatch(each -> each.contains(address));
        try {
            embedded = config.isEmbedded() ? EmbeddedDatabase.open(config.dataDir()) : null;
            if (embedded != null) {
                opened.push(embedded::close);
            }
            address = embedded == null ? config.databaseOrFail() : embedded.address();
            if (embedded != null && !embedded.isOwner()) {
                throw new Config.Invalid(
                        List.of("DATA_DIR " + config.dataDir() + " is in use by another relay"));
            }
            var random = new SecureRandom();
            var keyringFile = KeyringFile.open(config, clock);
            var keyring = keyringFile.keyring();
            var meters = meters();
            database = new Database(address, config.databasePoolSize());
            database.measure(meters);
            opened.push(database::close);
            signals = new Signals(database);
            opened.push(signals::close);
            keys =
                    new KeyWatch(
                            keyringFile,
                            new KeyRegister(database, keyring, clock),
                            this::rememberRegistry);
            opened.push(keys::close);
            ledger = new Ledger(database, keyring, clock, meters);
            backfill = new Backfill(database, clock);
            var backlogs = new Backlogs(database, clock);
            var recordings = new Recordings(database, keyring, clock, random, keys::isInStep);
            registry = new Registry(database, keyring, clock, backfill);
            registryFile = new ConfiguredRegistry(file, registry);
            var tests = new TestDeliveries(database, keyring, clock);
            var records = new DeliveryRecords(database, keyring);
            var verbs = new OperatorVerbs(database, keyring, clock, meters);
            var brake = new Brake(isProxy, clock);
            var adminBrake = new Brake(isProxy, clock);
            var oidc = config.oidc();
            var keysOfCalls = new IdempotencyKeys(database, keyring, clock);
            var access =
                    new AdminAccess(
                            new Access(
                                    AdminToken.load(config),
                                    new Tokens(database, clock),
                                    oidc == null ? null : new OidcTokens(oidc, keyring, clock)),
                            keysOfCalls,
                            adminBrake,
                            () -> ready);
            var retention =
                    new Retention(database, clock, clock::trustedFor, config.retention(), meters);
            var chain =
                    new AuditChain(
                            database,
                            keyring,
                            clock,
                            BLOCK_EVERY,
                            config.auditHeads().every(),
                            config.retention()::droppedBefore,
                            clock::trustedFor,
                            new HeadPublisher(config.auditHeads().file()),
                            meters);
            renewal = config.isEmbedded() && config.keyringFile() == null ? renewal(config) : null;
            audit = new Loop("audit", CHAIN_EVERY, chain::round);
            opened.push(audit::close);
            housekeeping =
                    new Housekeeping(
                            database,
                            clock,
                            registry,
                            backlogs,
                            backfill,
                            () -> {
                                keysOfCalls.tidy();
                                retention.sweepIfDue();
                            },
                            meters);
            opened.push(housekeeping::close);
            var signatures = new Signatures(clock);
            var identity = tls(config);
            var trail = new AuditTrail(database);
            var attentions =
                    new Attentions(
                            database,
                            clock,
                            List.of(
                                    signatures::attentions,
                                    () -> Watches.auditBehind(trail, clock.instant()),
                                    () -> Watches.certificate(identity, clock.instant()),
                                    () -> Watches.clocks(clock),
                                    () -> Watches.figures(housekeeping),
                                    () -> Watches.keyring(keys.unreadSince())));
            figures = new Figures(attentions::all, this::beginCounters, meters);
            Gauge.builder("relay.ready", () -> isReady() ? 1 : 0)
                    .description("1 while it takes callbacks and sends deliveries")
                    .register(meters);
            opened.push(figures::close);
            waitingRegistry = new Loop("registry", REGISTRY_LOOK, this::applyRegistryIfItWaits);
            opened.push(waitingRegistry::close);
            if (config.metrics() == null) {
                metrics = null;
            } else {
                metrics =
                        listen(
                                "METRICS_PORT",
                                config.metrics(),
                                () -> true,
                                null,
                                new MetricsRoutes(meters));
            }
            management =
                    listen(
                            "MANAGEMENT_PORT",
                            config.management(),
                            () -> true,
                            null,
                            new HealthRoutes(live(), Map.of("ready", this::isReady)),
                            new MetricsRoutes(meters),
                            new SystemRoutes(
                                    access,
                                    registry,
                                    backlogs,
                                    records,
                                    verbs,
                                    tests,
                                    this::newWork),
                            new DeliveryRoutes(access, registry, records, verbs, this::newWork),
                            new RequestRoutes(
                                    access,
                                    registry,
                                    new Requests(database),
                                    records,
                                    new RequestVerbs(database, keyring, clock),
                                    this::newWork,
                                    clock),
                            new RegistryRoutes(
                                    access,
                                    registry,
                                    config.outbound().allowsPlainHttp(),
                                    this::registryChanged),
                            new ImportRoutes(
                                    access,
                                    registry,
                                    new IdImport(database, keyring, clock, recordings),
                                    this::newWork),
                            new AuditRoutes(access, registry, trail),
                            new AttentionRoutes(access, attentions));
            dispatcher =
                    new Dispatcher(
                            ledger,
                            tests,
                            registry,
                            keyring,
                            config.outbound(),
                            clock,
                            random,
                            publicUrl::get,
                            keys::isInStep,
                            config.dispatchConcurrency(),
                            meters);
            opened.push(dispatcher::close);
            recorder = new Recorder(recordings, config.recordTogether(), meters);
            opened.push(recorder::close);
            if (identity != null) {
                Gauge.builder(
                                "relay.tls.certificate.lasts",
                                () ->
                                        Duration.between(clock.instant(), identity.notAfter())
                                                .toSeconds())
                        .baseUnit("seconds")
                        .description("How long the certificate of the public listener lasts")
                        .register(meters);
                var certificates =
                        new Loop("certificate", CERTIFICATE_LOOK, identity::reloadIfChanged);
                opened.push(certificates::close);
                certificates.start();
            }
            intake =
                    new IntakeRoutes(
                            registry,
                            recorder::record,
                            clock,
                            publicUrl::get,
                            brake,
                            signatures,
                            this::newWork,
                            meters);
            listener =
                    listen(
                            "PORT",
                            config.listen(),
                            () -> ready,
                            identity,
                            intake,
                            new ReceiptRoutes(registry, ledger, tests, clock, brake),
                            new StatusRoutes(
                                    new Statuses(database),
                                    new Proofs(database, keyring, clock, publicUrl::get),
                                    clock,
                                    brake,
                                    config.retention().eraseAfter()),
                            new DocumentRoutes(keyring::publicKeys));
        } catch (RuntimeException | Error e) {
            // Whatever it was, nothing may be left open: no port, no database server.
            close();
            throw e;
        }
        var configured = config.publicUrl();
        publicUrl.set(configured == null ? config.localUrl(listener.port()) : configured);
        signals.on(WORK, dispatcher::wake);
        signals.on(REGISTRY, registry::reload);
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
        var told = "";
        for (var missing = missing(); missing != null; missing = missing()) {
            if (!missing.equals(told)) {
                log.warn("Waiting: {}", missing);
                told = missing;
            }
            if (stop.await(READY_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        signals.start();
        keys.start();
        housekeeping.start();
        figures.start();
        waitingRegistry.start();
        audit.start();
        if (embedded != null) {
            watch(embedded);
        }
        if (renewal != null) {
            renewal.start();
        }
        dispatcher.start();
        ready = true;
        log.atInfo()
                .addKeyValue("port", listener.port())
                .addKeyValue("management_port", management.port())
                .addKeyValue("public_url", publicUrl.get())
                .log("Ready");
        return true;
    }

    public Registry registry() {
        return registry;
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

    /** Where the metrics are alone; the management listener's port if they are not. */
    public int metricsPort() {
        return metrics == null ? management.port() : metrics.port();
    }

    public String publicUrl() {
        return String.valueOf(publicUrl.get());
    }

    /** Takes nothing more in, finishes what is in flight, and lets everything go. */
    @Override
    public void close() {
        ready = false;
        while (!opened.isEmpty()) {
            try {
                opened.pop().run();
            } catch (RuntimeException e) {
                // One part that does not end well must not keep the others open.
                log.error("A part of the relay did not stop cleanly", e);
            }
        }
    }

    /** What keeps the relay from starting; null if nothing does, and the registry is applied. */
    private @Nullable String missing() {
        try {
            if (!Migrations.isCurrent(address)) {
                return "the schema is not the one this version needs; the command migrate makes it";
            }
            requireSettings();
            clock.anchor(database);
            keys.check();
            applyRegistry();
            return null;
        } catch (DatabaseUnavailable e) {
            return e.whyRefused();
        }
    }

    /**
     * What an older replica would not understand waits until none runs: those wait in their turn
     * for this one to be ready.
     */
    private void applyRegistry() {
        try {
            if (registryFile.apply()) {
                signals.send(REGISTRY);
            }
            registryWaits = false;
        } catch (OlderReplicaRuns e) {
            if (!registryWaits) {
                log.warn(
                        "The registry file is not applied yet: it retires something, and {}",
                        e.getMessage());
            }
            registryWaits = true;
        }
    }

    /** Without them there is no limit to what a statement may wait for. */
    private void requireSettings() {
        var lost = database.lostSettings();
        if (!lost.isEmpty()) {
            throw new Config.Invalid(
                    List.of(
                            "DATABASE_URL leads through a pooler that drops the relay's settings ("
                                    + String.join(", ", lost)
                                    + "): connect to PostgreSQL itself, or let the pooler pass"
                                    + " options on, in session mode"));
        }
    }

    private void rememberRegistry() {
        registryFile.remember();
    }

    private void registryChanged() {
        signals.send(REGISTRY);
        backfill.fillOpenRequests();
        newWork();
    }

    /** Nobody starts it again but a new process, which whoever runs this one starts. */
    private void watch(EmbeddedDatabase server) {
        var loop =
                new Loop(
                        "embedded",
                        EMBEDDED_LOOK,
                        () -> {
                            if (!server.isRunning()) {
                                throw new EmbeddedDatabaseGone();
                            }
                        });
        opened.push(loop::close);
        loop.start();
    }

    /** An error, because nothing goes on without it: it ends the process. */
    private static final class EmbeddedDatabaseGone extends Error {

        private static final long serialVersionUID = 1L;

        EmbeddedDatabaseGone() {
            super("The embedded PostgreSQL has ended; the next start of the relay starts it again");
        }
    }

    private Loop renewal(Config config) {
        var loop = new Loop("renewal", RENEW_EVERY, () -> renew(config));
        opened.push(loop::close);
        return loop;
    }

    /** With a keyring of its own: it is more careful about which keys are in force. */
    private void renew(Config config) {
        var file = KeyringFile.open(config, clock);
        var register = KeyRegister.ofCommand(database, file.keyring(), clock);
        register.rememberInForce();
        new KeyRenewal(
                        file.path(),
                        register,
                        new Reseal(database, file.keyring().sealer()),
                        clock,
                        clock::isApart,
                        config.retention()::erasedBefore)
                .run()
                .forEach(log::info);
    }

    private void newWork() {
        dispatcher.wake();
        signals.send(WORK);
    }

    private void applyRegistryIfItWaits() {
        if (registryWaits) {
            applyRegistry();
        }
    }

    /** Those of all that is registered, at 0. */
    private void beginCounters() {
        intake.begin(registry.appIds());
        ledger.begin(registry.systemIds());
        dispatcher.begin(registry.systemIds());
    }

    /** Until the loops have been started, that they do not run is no fault. */
    private Map<String, BooleanSupplier> live() {
        return Map.of(
                "record", () -> !ready || recorder.isAlive(),
                "dispatch", () -> !ready || dispatcher.isAlive(),
                "signals", () -> !ready || signals.isAlive(),
                "audit", () -> !ready || audit.isAlive(),
                "keys", () -> !ready || keys.isAlive(),
                "housekeeping", () -> !ready || housekeeping.isAlive(),
                "figures", () -> !ready || figures.isAlive());
    }

    private static @Nullable TlsIdentity tls(Config config) {
        var files = config.tls();
        try {
            return files == null
                    ? null
                    : TlsIdentity.load(files.certificate(), files.key(), InstantSource.system());
        } catch (IllegalArgumentException e) {
            throw new Config.Invalid(
                    List.of("TLS_CERTIFICATE, TLS_PRIVATE_KEY: " + e.getMessage()));
        }
    }

    /**
     * @param variable where the port comes from
     */
    private HttpListener listen(
            String variable,
            Config.Listen listen,
            BooleanSupplier gate,
            @Nullable TlsIdentity tls,
            Routes... routes) {
        HttpListener started;
        try {
            started =
                    HttpListener.start(
                            listen.host(),
                            listen.port(),
                            gate,
                            isProxy,
                            tls,
                            IdleLimits.USUAL,
                            List.of(routes));
        } catch (PortInUse e) {
            throw new Config.Invalid(List.of(variable + ": " + e.getMessage()));
        }
        opened.push(started::close);
        return started;
    }

    private PrometheusMeterRegistry meters() {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var gc = new JvmGcMetrics();
        opened.push(gc::close);
        new JvmMemoryMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new UptimeMetrics().bindTo(meters);
        new FileDescriptorMetrics().bindTo(meters);
        gc.bindTo(meters);
        return meters;
    }
}
