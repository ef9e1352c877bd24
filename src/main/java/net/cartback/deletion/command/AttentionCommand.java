package net.cartback.deletion.command;

import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.config.Config;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;

/** {@code attention}. */
@Command(
        name = "attention",
        mixinStandardHelpOptions = true,
        description =
                "List what needs an operator now, each with its remedy. Exit code 1 if there is"
                        + " anything. GET /admin/v1/attention also lists what only a running relay"
                        + " knows: refused signatures, its clock, its certificate.")
final class AttentionCommand implements Callable<Integer> {

    private final Terminal terminal;

    AttentionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            var all = storage.attentions().all();
            all.forEach(each -> terminal.out().println(line(each)));
            if (all.isEmpty()) {
                terminal.out().println("Nothing in the database needs an operator.");
            }
            terminal.out()
                    .println(
                            "This command does not check refused signatures, clocks, the"
                                + " certificate and the keyring's file. GET /admin/v1/attention of"
                                + " a running relay does.");
            return all.isEmpty() ? 0 : 1;
        }
    }

    private static String line(Attention attention) {
        var line = new StringBuilder(attention.cause().wireName());
        append(line, " ", attention.concerned());
        append(line, " ", attention.detail());
        line.append(": ").append(attention.count());
        append(line, ", since ", seconds(attention.since()));
        append(line, ", due ", seconds(attention.due()));
        return line.append("\n    ").append(attention.remedy()).append('.').toString();
    }

    private static void append(StringBuilder line, String before, @Nullable Object value) {
        if (value != null) {
            line.append(before).append(value);
        }
    }

    private static @Nullable Instant seconds(@Nullable Instant instant) {
        return instant == null ? null : instant.truncatedTo(ChronoUnit.SECONDS);
    }
}
