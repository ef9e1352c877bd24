package net.cartback.deletion.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.intake.SampleSignedRequest;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.serve.App;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.EmbeddedDatabaseFailed;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.SchemaRefused;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Subject;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * The command line. Exit codes: 0 done; 1 it failed and may be tried again; 2 the configuration, a
 * file or the command itself is wrong.
 */
@Command(
        name = "deletion-relay",
        description =
                "Takes Meta's data deletion callbacks and sees to it that every system deletes.",
        mixinStandardHelpOptions = true,
        version = "Deletion Relay 0.1.0",
        subcommands = {
            RegistryCommand.class,
            AppsCommand.class,
            KeysCommand.class,
            AuditCommand.class,
            TokensCommand.class,
            IdsCommand.class,
            AttentionCommand.class,
            DoctorCommand.class
        })
public final class Main implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(Main.class);
    private static final int FAILED = 1;
    private static final int WRONG = 2;
    private static final int DIED = 70;

    @Spec private @Nullable CommandSpec spec;

    private Main() {}

    /** Runs one command and exits. */
    public static void main(String[] arguments) {
        int code =
                new CommandLine(new Main())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .registerConverter(Instant.class, Main::instant)
                        .registerConverter(Duration.class, Main::duration)
                        .setExecutionExceptionHandler((e, command, parsed) -> explain(e))
                        .setExecutionStrategy(Main::runLast)
                        .execute(arguments);
        LogSetup.end();
        System.exit(code);
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new CommandLine.TypeConversionException(
                    "must be a time such as 2026-11-01T00:00:00Z");
        }
    }

    private static Duration duration(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new CommandLine.TypeConversionException(
                    "must be a duration such as PT10M, PT1H or P90D");
        }
    }

    /**
     * Whoever runs a command reads its answer: only what goes wrong is logged between its lines.
     */
    private static int runLast(CommandLine.ParseResult parsed) {
        if (!parsed.hasSubcommand() || !parsed.subcommand().commandSpec().name().equals("serve")) {
            ((LoggerContext) LoggerFactory.getILoggerFactory())
                    .getLogger("net.cartback")
                    .setLevel(Level.WARN);
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "Say which command to run.");
        }
    }

    @Command(
            name = "serve",
            mixinStandardHelpOptions = true,
            description = "Run the relay until it is told to stop.")
    int serve() throws InterruptedException {
        endOnErrors();
        // After a failover by name, the address of before must not be remembered for long.
        Security.setProperty("networkaddress.cache.ttl", "5");
        try (var stop = new StopSignal()) {
            serve(stop);
            log.info("Stopped");
            LogSetup.end();
        }
        return 0;
    }

    private static void serve(StopSignal stop) throws InterruptedException {
        var config = Config.readToServe(System.getenv());
        config.doubts().forEach(log::warn);
        try (var app = new App(config)) {
            if (app.becomeReady(stop.told())) {
                stop.told().await();
                log.info("Stopping: no more requests; what is on its way is finished");
            }
        }
    }

    /**
     * A thread that ends by an error leaves the process half dead: better none, for whoever starts
     * it again. What a request or a delivery fails at is caught where it belongs.
     */
    private static void endOnErrors() {
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, e) -> {
                    try {
                        log.error("A part of the relay has ended by an error", e);
                        if (e instanceof Error) {
                            LogSetup.end();
                        }
                    } finally {
                        if (e instanceof Error) {
                            Runtime.getRuntime().halt(DIED);
                        }
                    }
                });
    }

    @Command(
            name = "demo",
            mixinStandardHelpOptions = true,
            description =
                    "Run everything on this machine, with a sample app and two sample client"
                            + " systems, and send one callback through.")
    int demo(
            @Option(
                            names = "--until-parent-ends",
                            hidden = true,
                            description = "stop when the process that started this one ends")
                    boolean untilParentEnds)
            throws InterruptedException {
        System.out.println("Deletion Relay is starting …");
        try (var stop = new StopSignal()) {
            if (untilParentEnds) {
                ProcessHandle.current().parent().ifPresent(stop::whenEnds);
            }
            try (var demo = new DemoRun(System.getenv())) {
                demo.requireNothingOfOthers();
                if (demo.app().becomeReadyAlone(stop.told())) {
                    demo.play();
                    stop.told().await();
                }
            }
        }
        return 0;
    }

    @Command(
            name = "migrate",
            mixinStandardHelpOptions = true,
            description = "Bring the database's schema up to date, as its owner; then exit.")
    int migrate() {
        var config = Config.readToMigrate(System.getenv());
        var owner = config.migrationDatabase();
        if (owner == null) {
            Storage.open(config).close();
        } else {
            Migrations.migrate(owner, config.databaseOrFail().user());
        }
        System.out.println("The schema is current.");
        return 0;
    }

    @Command(
            name = "sign",
            mixinStandardHelpOptions = true,
            description = "Print a signed_request of a registered app, for trying the callback.")
    int sign(
            @Option(names = "--app", required = true, description = "Meta's app id") String app,
            @Option(names = "--user", required = true, description = "the user's id") String user,
            @Option(
                            names = "--issued-at",
                            description = "seconds since 1970; the present if not given")
                    @Nullable Long issuedAt) {
        if (!Subject.isValid(user)) {
            throw new Config.Invalid(List.of("--user must be 1 to 256 characters, and not 0"));
        }
        if (issuedAt != null && (issuedAt < 0 || issuedAt > SampleSignedRequest.MAX_ISSUED_AT)) {
            throw new Config.Invalid(List.of("--issued-at must be seconds since 1970"));
        }
        var at = issuedAt == null ? Instant.now() : Instant.ofEpochSecond(issuedAt);
        try (var storage = Storage.open(Config.read(System.getenv()))) {
            storage.registry().reload();
            var secret =
                    Optional.of(app)
                            .filter(MetaAppId::isValid)
                            .flatMap(id -> storage.registry().app(new MetaAppId(id)))
                            .flatMap(
                                    known ->
                                            known.secrets().stream()
                                                    .filter(each -> each.isActive(Instant.now()))
                                                    .findFirst())
                            .orElseThrow(
                                    () ->
                                            new Config.Invalid(
                                                    List.of(
                                                            "--app names no registered app with a"
                                                                    + " secret in force")));
            System.out.println(
                    SampleSignedRequest.of(user, at.truncatedTo(ChronoUnit.SECONDS), secret));
        }
        return 0;
    }

    @Command(
            name = "proof",
            mixinStandardHelpOptions = true,
            description =
                    "Print a signed document of what was asked and what was answered, for whoever"
                            + " has the code of a request.")
    int proof(
            @Parameters(
                            paramLabel = "CODE",
                            arity = "0..1",
                            description =
                                    "a confirmation code; without it one line of the input is"
                                            + " read, so that no list of processes shows it")
                    @Nullable String given)
            throws IOException {
        var typed = given == null ? line() : given;
        var config = Config.readToServe(System.getenv());
        try (var storage = Storage.open(config)) {
            var proof =
                    ConfirmationCode.typed(typed)
                            .flatMap(storage.proofs(config.publicUrlOrLocal())::of)
                            .orElseThrow(
                                    () ->
                                            new Config.Invalid(
                                                    List.of(
                                                            "no request is known under this"
                                                                    + " confirmation code")));
            System.out.println(proof);
        }
        return 0;
    }

    private static String line() throws IOException {
        var input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        return String.valueOf(input.readLine());
    }

    /** One sentence each, without a stack trace where it is the user's to mend. */
    private static int explain(Exception e) {
        switch (e) {
            case Config.Invalid invalid ->
                    invalid.faults()
                            .forEach(fault -> System.err.println("deletion-relay: " + fault));
            case InvalidRegistry invalid ->
                    invalid.faults()
                            .forEach(
                                    fault ->
                                            System.err.println(
                                                    "deletion-relay: the registry: " + fault));
            case SealBroken broken ->
                    System.err.println(
                            "deletion-relay: "
                                    + broken.getMessage()
                                    + "; is KEYRING_FILE the keyring of this database?");
            case SchemaRefused refused ->
                    System.err.println("deletion-relay: " + refused.getMessage());
            case OlderReplicaRuns older -> {
                System.err.println("deletion-relay: " + older.getMessage());
                return FAILED;
            }
            case EmbeddedDatabaseFailed failed -> {
                System.err.println("deletion-relay: " + failed.getMessage());
                return FAILED;
            }
            case DatabaseUnavailable away -> {
                System.err.println("deletion-relay: " + away.whyRefused());
                return FAILED;
            }
            default -> {
                log.error("The command failed unexpectedly", e);
                return FAILED;
            }
        }
        return WRONG;
    }
}
