package net.cartback.deletion.serve;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import net.cartback.deletion.access.Access;
import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.OidcTokens;
import net.cartback.deletion.access.Tokens;
import net.cartback.deletion.admin.AttentionRoutes;
import net.cartback.deletion.admin.AuditRoutes;
import net.cartback.deletion.admin.BearerAuthentication;
import net.cartback.deletion.admin.DeliveryRoutes;
import net.cartback.deletion.admin.Guard;
import net.cartback.deletion.admin.Idempotency;
import net.cartback.deletion.admin.ImportRoutes;
import net.cartback.deletion.admin.RegistryRoutes;
import net.cartback.deletion.admin.RequestRoutes;
import net.cartback.deletion.admin.SystemRoutes;
import net.cartback.deletion.attention.Attentions;
import net.cartback.deletion.attention.Watch;
import net.cartback.deletion.audit.AuditChain;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.dispatch.Dispatcher;
import net.cartback.deletion.intake.InstructionRoutes;
import net.cartback.deletion.intake.IntakeRoutes;
import net.cartback.deletion.intake.Signatures;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.operation.BulkVerbs;
import net.cartback.deletion.operation.OperatorVerbs;
import net.cartback.deletion.operation.RequestVerbs;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.page.LogoRoutes;
import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.reading.Backlogs;
import net.cartback.deletion.reading.Deliveries;
import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.reading.Requests;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.receipt.ReceiptRoutes;
import net.cartback.deletion.recording.Backfill;
import net.cartback.deletion.recording.IdImport;
import net.cartback.deletion.recording.RequestBatcher;
import net.cartback.deletion.recording.RequestWriter;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.retention.Retention;
import net.cartback.deletion.status.StatusRoutes;
import net.cartback.deletion.storage.ClockTrust;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.Signals;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.web.DocumentRoutes;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.MetricsRoutes;
import net.cartback.deletion.web.Proxies;
import net.cartback.deletion.web.Routes;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The wired parts of a relay, the same in the tests and in the program. The caller supplies the
 * database, the keyring, the clock and the randomness, and runs the loops.
 */
public final class Parts implements AutoCloseable {

    private final Ledger ledger;
    private final Backfill backfill;
    private final Backlogs backlogs;
    private final RequestWriter writer;
    private final RequestBatcher batcher;
    private final Registry registry;
    private final Dispatcher dispatcher;
    private final Retention retention;
    private final AuditChain audit;
    private final IdempotencyKeys idempotencyKeys;
    private final Attentions attentions;
    private final CaseParts cases;
    private final IntakeRoutes intake;
    private final Signals signals;
    private final MetricsRoutes metrics;
    private final List<Routes> publicRoutes;
    private final List<Routes> managementRoutes;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * What stands around the parts.
     *
     * @param random makes keys and confirmation codes: it must be cryptographically strong
     * @param signals to and from the other replicas
     * @param inStep whether the keys that are loaded here are those that the other replicas use
     * @param ready whether the schema is there, and the registry applied
     * @param clockTrust for how long the clock has run without a step
     */
    public record Surroundings(
            Database database,
            Signals signals,
            Keyring keyring,
            InstantSource clock,
            RandomGenerator random,
            Proxies proxies,
            PublicUrl publicUrl,
            BooleanSupplier inStep,
            BooleanSupplier ready,
            ClockTrust clockTrust,
            PrometheusMeterRegistry meters) {}

    /**
     * @param watches what else can need an operator
     */
    public Parts(Surroundings around, Settings settings, List<Watch> watches) {
        var database = around.database();
        var keyring = around.keyring();
        var clock = around.clock();
        var meters = around.meters();
        signals = around.signals();
        ledger = new Ledger(database, keyring, clock, meters);
        backfill = new Backfill(database, clock);
        backlogs = new Backlogs(database, clock);
        writer = new RequestWriter(database, keyring, clock, around.random(), around.inStep());
        registry = new Registry(database, keyring, clock, backfill);
        retention =
                new Retention(database, clock, around.clockTrust(), settings.retention(), meters);
        audit = audit(around, settings);
        idempotencyKeys = new IdempotencyKeys(database, keyring, clock);
        var signatures = new Signatures(clock);
        var trail = new AuditTrail(database);
        attentions =
                new Attentions(
                        database,
                        clock,
                        Stream.concat(
                                        Stream.<Watch>of(
                                                signatures::attentions,
                                                () -> Watches.auditBehind(trail, clock.instant())),
                                        watches.stream())
                                .toList());
        cases = new CaseParts(around, settings, writer);
        var tests = new TestDeliveries(database, keyring, clock);
        dispatcher = dispatcher(around, settings, tests);
        batcher =
                new RequestBatcher(
                        writer, settings.recordTogether(), settings.recordLimit(), meters);
        var guesses = new GuessLimiter(around.proxies(), clock);
        var shell = new PageShell(settings.brand());
        intake =
                new IntakeRoutes(
                        registry,
                        batcher,
                        clock,
                        around.publicUrl(),
                        guesses,
                        signatures,
                        this::wake,
                        meters);
        publicRoutes =
                List.of(
                        intake,
                        new ReceiptRoutes(registry, ledger, tests, clock, guesses),
                        status(around, settings, guesses, shell),
                        new InstructionRoutes(registry, shell),
                        new LogoRoutes(shell),
                        new DocumentRoutes(keyring::publicKeys));
        metrics = new MetricsRoutes(meters);
        managementRoutes = management(around, settings, tests, trail);
    }

    private static StatusRoutes status(
            Surroundings around, Settings settings, GuessLimiter guesses, PageShell shell) {
        var clock = around.clock();
        var url = around.publicUrl();
        var proofs = new Proofs(around.database(), around.keyring(), clock, url);
        return new StatusRoutes(
                new Statuses(around.database(), around.keyring()),
                proofs,
                clock,
                guesses,
                settings.retention(),
                url,
                shell);
    }

    private static AuditChain audit(Surroundings around, Settings settings) {
        return new AuditChain(
                around.database(),
                around.keyring(),
                around.clock(),
                settings.blockEvery(),
                settings.headEvery(),
                settings.retention(),
                around.clockTrust(),
                settings.heads(),
                around.meters());
    }

    private Dispatcher dispatcher(Surroundings around, Settings settings, TestDeliveries tests) {
        return new Dispatcher(
                ledger,
                tests,
                registry,
                around.keyring(),
                settings.outbound(),
                around.clock(),
                around.random(),
                around.publicUrl(),
                around.inStep(),
                settings.dispatchConcurrency(),
                around.meters());
    }

    private List<Routes> management(
            Surroundings around, Settings settings, TestDeliveries tests, AuditTrail trail) {
        var database = around.database();
        var keyring = around.keyring();
        var clock = around.clock();
        var oidc = settings.oidc();
        var guard =
                new Guard(
                        new BearerAuthentication(
                                new Access(
                                        settings.adminToken(),
                                        new Tokens(database, clock),
                                        oidc == null ? null : new OidcTokens(oidc, keyring, clock)),
                                new GuessLimiter(around.proxies(), clock)),
                        new Idempotency(idempotencyKeys),
                        around.ready());
        var deliveries = new Deliveries(database, keyring);
        var verbs = new OperatorVerbs(database, keyring, clock, around.meters());
        var bulk = new BulkVerbs(database, keyring, clock, around.meters());
        return List.of(
                metrics,
                new SystemRoutes(
                        guard, registry, backlogs, deliveries, verbs, bulk, tests, this::wake),
                new DeliveryRoutes(guard, registry, deliveries, verbs, this::wake),
                new RequestRoutes(
                        guard,
                        registry,
                        new Requests(database),
                        deliveries,
                        new RequestVerbs(database, keyring, clock),
                        this::wake,
                        clock),
                new RegistryRoutes(
                        guard,
                        registry,
                        settings.outbound().allowsPlainHttp(),
                        this::registryChanged),
                new ImportRoutes(
                        guard,
                        registry,
                        new IdImport(database, keyring, clock, writer),
                        this::wake),
                cases.routes(guard, registry, this::wake),
                new AuditRoutes(guard, registry, trail),
                new AttentionRoutes(guard, attentions));
    }

    /** What the public listener serves, and nothing else. */
    public List<Routes> publicRoutes() {
        return publicRoutes;
    }

    /** What the management listener serves, beside the health of the process: never public. */
    public List<Routes> managementRoutes() {
        return managementRoutes;
    }

    /** What a listener of metrics serves. */
    public Routes metrics() {
        return metrics;
    }

    public Ledger ledger() {
        return ledger;
    }

    public Backfill backfill() {
        return backfill;
    }

    public Backlogs backlogs() {
        return backlogs;
    }

    public RequestWriter writer() {
        return writer;
    }

    public RequestBatcher batcher() {
        return batcher;
    }

    public Registry registry() {
        return registry;
    }

    public Dispatcher dispatcher() {
        return dispatcher;
    }

    public Retention retention() {
        return retention;
    }

    public AuditChain audit() {
        return audit;
    }

    public IdempotencyKeys idempotencyKeys() {
        return idempotencyKeys;
    }

    /** What serves people who ask otherwise than through Meta. */
    public CaseParts cases() {
        return cases;
    }

    public Attentions attentions() {
        return attentions;
    }

    /** There may be something to send, here and on the other replicas. */
    public void wake() {
        dispatcher.wake();
        signals.send(App.WORK);
    }

    /**
     * What follows a change of the registry: the others hear of it, and open requests are filled
     * up.
     */
    public void registryChanged() {
        signals.send(App.REGISTRY);
        backfill.fillOpenRequests();
        wake();
    }

    /** Begins the counters of all that is registered at 0; again does nothing. */
    public void beginCounters() {
        intake.begin(registry.appIds());
        ledger.begin(registry.systemIds());
        dispatcher.begin(registry.systemIds());
    }

    /** Takes no more requests, records those that wait, and ends the calls; again does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                batcher.close();
            } finally {
                dispatcher.close();
            }
        }
    }
}
