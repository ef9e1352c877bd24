package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.serve.App;
import net.cartback.deletion.storage.Migrations;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;

/**
 * The command line. Exit codes: 0 done; 1 it failed and may be tried again; 2 the configuration, a
 * file or the command itself is wrong.
 */
@Command(
        name = "deletion-relay",
        description =
                "Takes Meta's data deletion callbacks and sees to it that every system deletes.",
        mixinStandardHelpOptions = true,
        version = "Deletion Relay 0.1.0")
public final class Main implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(Main.class);
    private static final int DIED = 70;

    @Spec private @Nullable CommandSpec spec;

    private final Terminal terminal;

    private Main(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Runs one command and exits. */
    public static void main(String[] arguments) {
        if (!List.of(arguments).contains("serve")) {
            LogSetup.onlyWhatGoesWrong();
        }
        int code = run(Terminal.ofProcess(), arguments);
        LogSetup.end();
        System.exit(code);
    }

    /**
     * Runs one command.
     *
     * @return its exit code
     */
    static int run(Terminal terminal, String... arguments) {
        return commandLine(terminal).execute(arguments);
    }

    /** All commands, on this terminal. */
    static CommandLine commandLine(Terminal terminal) {
        return new CommandLine(new Main(terminal))
                .addSubcommand(new SignCommand(terminal))
                .addSubcommand(new ProofCommand(terminal))
                .addSubcommand(new RegistryCommand(terminal))
                .addSubcommand(new AppsCommand(terminal))
                .addSubcommand(new KeysCommand(terminal))
                .addSubcommand(new AuditCommand(terminal))
                .addSubcommand(new TokensCommand(terminal))
                .addSubcommand(new IdsCommand(terminal))
                .addSubcommand(new AttentionCommand(terminal))
                .addSubcommand(new DoctorCommand(terminal))
                .setOut(new PrintWriter(terminal.out(), true, terminal.out().charset()))
                .setErr(new PrintWriter(terminal.err(), true, terminal.err().charset()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Instant.class, Main::instant)
                .registerConverter(Duration.class, Main::duration)
                .setExecutionExceptionHandler((e, command, parsed) -> Faults.explain(e, terminal));
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

    private void serve(StopSignal stop) throws InterruptedException {
        var config = Config.readToServe(terminal.environment());
        config.doubts().forEach(log::warn);
        try (var app = new App(config)) {
            if (app.becomeReady(stop.told())) {
                stop.told().await();
                log.info("Stopping: no new requests; calls in flight are finished");
            }
        }
    }

    /**
     * Ends the process when an error ends one of its threads. The process would go on half dead; a
     * supervisor starts it again instead. Failures of a request or a delivery are caught elsewhere.
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
        terminal.out().println("Deletion Relay is starting …");
        try (var stop = new StopSignal()) {
            if (untilParentEnds) {
                ProcessHandle.current().parent().ifPresent(stop::whenEnds);
            }
            try (var demo = new DemoRun(terminal)) {
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
        var config = Config.readToMigrate(terminal.environment());
        var owner = config.migrationDatabase();
        if (owner == null) {
            CommandRelay.open(config).close();
        } else {
            Migrations.migrate(owner, config.databaseOrFail().user());
        }
        terminal.out().println("The schema is current.");
        return 0;
    }
}
