package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
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

    private final InstantSource clock = InstantSource.system();

    @Command(
            name = "generate",
            mixinStandardHelpOptions = true,
            description = "Write a new keyring (a JWK set) to a file that does not exist yet.")
    int generate(@Parameters(paramLabel = "FILE", description = "where to write it") Path file) {
        KeyringFile.generate(file, clock);
        System.out.println(
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
            throw new Config.Invalid(List.of("--in must not be negative"));
        }
        // A JWK's dates are whole seconds.
        var from = clock.instant().plus(in).truncatedTo(ChronoUnit.SECONDS);
        KeyringFile.rotate(file, kinds.stream().distinct().sorted().toList(), from, clock);
        System.out.println(
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
        try (var storage = Storage.open(Config.read(System.getenv()))) {
            lines(storage.keys().status()).forEach(System.out::println);
        }
        return 0;
    }

    @Command(
            name = "renew",
            mixinStandardHelpOptions = true,
            description =
                    "Do what is next for the data key, to be run once a day: a new one once a"
                            + " month; what older ones sealed is sealed anew; and when no backup"
                            + " needs one any more, it is taken out of the keyring, so that what"
                            + " was erased cannot be opened from any copy.")
    int renew() {
        var config = Config.read(System.getenv());
        try (var storage = Storage.open(config)) {
            var told = storage.renewal(config.retention()).run();
            System.out.println(told.isEmpty() ? "Nothing is due." : String.join("\n", told));
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
                    "Seal and digest anew, under the keys in force, what older keys did; then those"
                            + " may go. Safe beside running relays, and to be run again.")
    int reseal() {
        try (var storage = Storage.open(Config.read(System.getenv()))) {
            var register = storage.keys();
            var before = register.status();
            // Before anything is read: what an older key sealed behind our back would be left.
            if (!register.isSettled(KeyRenewal.SETTLED)) {
                System.err.println(
                        "deletion-relay: nothing is done: not every relay that was seen in the last"
                                + " day has had the keys in force for a minute. Run this again in a"
                                + " minute, or, after a relay has crashed, in a day; see keys"
                                + " status.");
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
                System.out.println(
                        digests.left()
                                + " digests stay under their key until they are erased: what was"
                                + " digested is not known any more.");
            }
            var done = EnumSet.allOf(Keyring.Kind.class);
            if (digests.left() > 0) {
                done.remove(Keyring.Kind.INDEX);
            }
            if (unreadable > 0) {
                done.remove(Keyring.Kind.DATA);
                System.err.println(
                        "deletion-relay: "
                                + unreadable
                                + " values cannot be opened and stay as they are, and so do their"
                                + " keys: were they moved or altered, or is a key missing?");
            }
            retire(storage, before, done);
            return unreadable == 0 ? 0 : 1;
        }
    }

    private static void tellOfNext(List<Status> keys) {
        keys.stream()
                .filter(each -> each.key().state() == Keyring.State.NEXT)
                .forEach(
                        each ->
                                System.out.printf(
                                        "%s is in force from %s on: run keys reseal again"
                                                + " then.%n",
                                        each.key().kid(), each.key().from()));
    }

    /** Older keys are not needed any more, unless somebody may have used one in between. */
    private static void retire(Storage storage, List<Status> before, Set<Keyring.Kind> done) {
        if (!lines(before).equals(lines(storage.keys().status()))) {
            System.out.println(
                    "The keys have changed a moment ago. Run this again in a minute to retire"
                            + " the older ones.");
            return;
        }
        var retired =
                before.stream()
                        .map(Status::key)
                        .filter(key -> key.state() == Keyring.State.PREVIOUS)
                        .filter(key -> done.contains(key.kind()))
                        .toList();
        storage.keys().retire(retired.stream().map(Keyring.Known::kid).toList());
        var sealing =
                retired.stream()
                        .filter(key -> key.kind() != Keyring.Kind.SIGNING)
                        .map(Keyring.Known::kid)
                        .toList();
        if (!sealing.isEmpty()) {
            System.out.println(
                    "Not needed any more, and may be taken out of the keyring: "
                            + String.join(", ", sealing)
                            + ". Keep those that sign for as long as what they have signed is"
                            + " verified.");
        }
    }

    private static String name(SealedColumn column) {
        return column.table() + "." + column.column();
    }

    private static void tell(String what, long rows, long changed) {
        if (rows % 100_000 < 1_000 && rows >= 100_000) {
            System.out.println(what + ": " + rows + " rows looked at, " + changed + " changed");
        }
    }

    private static void end(String what, long rows, long changed) {
        System.out.println(what + ": done, " + rows + " rows, " + changed + " changed");
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
