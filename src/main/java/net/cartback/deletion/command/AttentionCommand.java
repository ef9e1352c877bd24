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
                "Tell what needs an operator now, and what mends it. Exit code 1 if anything does."
                        + " What only a running relay knows (refused signatures, its clock, its"
                        + " certificate) is at GET /admin/v1/attention.")
final class AttentionCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        try (var storage = Storage.open(Config.read(System.getenv()))) {
            var all = storage.attentions().all();
            all.forEach(each -> System.out.println(line(each)));
            if (all.isEmpty()) {
                System.out.println("Nothing in the database needs an operator.");
            }
            System.out.println(
                    "Not looked at from here: refused signatures, clocks, the certificate, the"
                            + " keyring's file. GET /admin/v1/attention of a running relay tells of"
                            + " them too.");
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
