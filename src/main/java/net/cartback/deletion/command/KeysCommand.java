package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister.Status;
import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.serve.KeyRenewal;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * {@code keys generate}, {@code keys rotate}, {@code keys status}, {@code keys reseal}, {@code keys
 * renew}.
 */
@Command(
        name = "keys",
        mixinStandardHelpOptions = true,
        description = "Make, change and retire the keys that seal and sign.",
        synopsisSubcommandLabel = "generate FILE | rotate FILE | status | reseal | renew")
final class KeysCommand {

    private final Terminal terminal;

    private final InstantSource clock = InstantSource.system();

    KeysCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "generate",
            mixinStandardHelpOptions = true,
            description = "Write a new keyring (a JWK set) to a file that does not exist yet.")
    int generate(@Parameters(paramLabel = "FILE", description = "where to write it") Path file) {
        KeyringFile.generate(file, clock);
        terminal.out()
                .println(
                        "Wrote " + file + ". Keep it safe: without it nothing sealed can be read.");
        return 0;
    }

    @Command(
            name = "rotate",
            mixinStandardHelpOptions = true,
            description =
                    "Add new keys to a keyring file. Running relays load it by themselves; a key"
                            + " comes into force at its time, once all of them have it.")
    int rotate(
            @Parameters(paramLabel = "FILE", description = "the keyring") Path file,
            @Option(
                            names = "--kinds",
                            split = ",",
                            defaultValue = "DATA,INDEX,SIGNING",
                            description =
                                    "which kinds of keys: ${COMPLETION-CANDIDATES}; all if not"
                                            + " given")
                    List<Keyring.Kind> kinds,
            @Option(
                            names = "--in",
                            defaultValue = "PT1H",
                            description =
                                    "how long from now until they come into force;"
                                            + " ${DEFAULT-VALUE} if not given")
                    Duration in) {
        if (in.isNegative()) {
            throw new Refused(List.of("--in must not be negative"));
        }
        // A JWK's dates are whole seconds.
        var from = clock.instant().plus(in).truncatedTo(ChronoUnit.SECONDS);
        KeyringFile.rotate(file, kinds.stream().distinct().sorted().toList(), from, clock);
        terminal.out()
                .println(
                        "Added to "
                                + file
                                + ", in force from "
                                + from
                                + ". When keys status says so, run keys reseal.");
        return 0;
    }

    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            description = "Tell of each key where it stands and how many relays have loaded it.")
    int status() {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            lines(storage.keys().status()).forEach(terminal.out()::println);
        }
        return 0;
    }

    @Command(
            name = "renew",
            mixinStandardHelpOptions = true,
            description =
                    "Do the next step of the renewal of the data key; run it once a day. It adds a"
                            + " new key once a month, seals the values of older keys anew, and"
                            + " takes an old key out of the keyring when no backup needs it any"
                            + " more, so that erased data cannot be opened from any copy.")
    int renew() {
        var config = Config.read(terminal.environment());
        try (var storage = CommandRelay.open(config)) {
            var told = storage.renewal(config.retention()).run();
            terminal.out().println(told.isEmpty() ? "Nothing is due." : String.join("\n", told));
        }
        return 0;
    }

    private static List<String> lines(List<Status> all) {
        return all.stream().map(KeysCommand::line).toList();
    }

    private static String line(Status status) {
        var key = status.key();
        return "%-8s %-8s %s  from %s, loaded by %d of %d"
                .formatted(
                        name(key.kind()),
                        name(key.state()),
                        key.kid(),
                        key.from().equals(Instant.EPOCH) ? "the beginning" : key.from(),
                        status.loadedBy(),
                        status.replicas());
    }

    @Command(
            name = "reseal",
            mixinStandardHelpOptions = true,
            description =
                    "Seal and digest the values of older keys anew, under the keys in force. Then"
                            + " the older keys may be removed. Safe beside running relays; may be"
                            + " run again.")
    int reseal() {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            var register = storage.keys();
            var before = register.status();
            // Before anything is read: what an older key sealed behind our back would be left.
            if (!register.isSettled(KeyRenewal.SETTLED)) {
                terminal.err()
                        .println(
                                "deletion-relay: nothing is done: not every relay that was seen in"
                                    + " the last day has had the keys in force for a minute. Run"
                                    + " this again in a minute, or, after a relay has crashed, in a"
                                    + " day; see keys status.");
                return 1;
            }
            tellOfNext(before);
            var reseal = storage.reseal();
            long unreadable = 0;
            for (var column : KeyRenewal.sealedColumns()) {
                var done =
                        reseal.run(column, now -> tell(name(column), now.rows(), now.resealed()));
                end(name(column), done.rows(), done.resealed());
                unreadable += done.unreadable();
            }
            var digests =
                    storage.redigest()
                            .run(now -> tell("digests of repeats", now.rows(), now.changed()));
            end("digests of repeats", digests.rows(), digests.changed());
            if (digests.left() > 0) {
                terminal.out()
                        .println(
                                digests.left()
                                        + " digests stay under their key until they are erased:"
                                        + " what was digested is not known any more.");
            }
            var done = EnumSet.allOf(Keyring.Kind.class);
            if (digests.left() > 0) {
                done.remove(Keyring.Kind.INDEX);
            }
            if (unreadable > 0) {
                done.remove(Keyring.Kind.DATA);
                terminal.err()
                        .println(
                                "deletion-relay: "
                                        + unreadable
                                        + " values cannot be opened. They stay as they are, and"
                                        + " their keys stay. Were the values moved or altered, or"
                                        + " is a key missing?");
            }
            retire(storage, before, done);
            return unreadable == 0 ? 0 : 1;
        }
    }

    private void tellOfNext(List<Status> keys) {
        keys.stream()
                .filter(each -> each.key().state() == Keyring.State.NEXT)
                .forEach(
                        each ->
                                terminal.out()
                                        .printf(
                                                "%s is in force from %s on: run keys reseal again"
                                                        + " then.%n",
                                                each.key().kid(), each.key().from()));
    }

    /** Older keys are not needed any more, unless somebody may have used one in between. */
    private void retire(CommandRelay storage, List<Status> before, Set<Keyring.Kind> done) {
        if (!lines(before).equals(lines(storage.keys().status()))) {
            terminal.out()
                    .println(
                            "The keys have changed a moment ago. Run this again in a minute to"
                                    + " retire the older ones.");
            return;
        }
        var retired =
                before.stream()
                        .map(Status::key)
                        .filter(key -> key.state() == Keyring.State.PREVIOUS)
                        .filter(key -> done.contains(key.kind()))
                        .toList();
        storage.keys().retire(retired.stream().map(Keyring.KeyInfo::kid).toList());
        var sealing =
                retired.stream()
                        .filter(key -> key.kind() != Keyring.Kind.SIGNING)
                        .map(Keyring.KeyInfo::kid)
                        .toList();
        if (!sealing.isEmpty()) {
            terminal.out()
                    .println(
                            "These keys are not needed any more, and may be taken out of the"
                                    + " keyring: "
                                    + String.join(", ", sealing)
                                    + ". Keep signing keys for as long as anybody verifies their"
                                    + " signatures.");
        }
    }

    private static String name(SealedColumn column) {
        return column.table() + "." + column.column();
    }

    private void tell(String what, long rows, long changed) {
        if (rows % 100_000 < 1_000 && rows >= 100_000) {
            terminal.out().println(what + ": " + rows + " rows looked at, " + changed + " changed");
        }
    }

    private void end(String what, long rows, long changed) {
        terminal.out().println(what + ": done, " + rows + " rows, " + changed + " changed");
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
