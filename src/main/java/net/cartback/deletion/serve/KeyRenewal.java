package net.cartback.deletion.serve;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.cases.CaseLetters;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Keyring.KeyInfo;
import net.cartback.deletion.crypto.Keyring.State;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.terms.RetentionPeriods;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes old copies of erased data worthless. A database's files, its log and its backups keep old
 * versions of rows. Personal data in them is sealed, and cannot be read without the key that sealed
 * it. So a data key lasts for a month. Then all values that are still kept are sealed anew. When
 * the last backup that needs the old key has ended, the old key is taken out of the keyring, which
 * is not in the database.
 *
 * <p>To be called once a day or more often. Each call does the next step, and may be interrupted. A
 * renewal may run beside any number of replicas, but not beside another renewal.
 */
public final class KeyRenewal {

    private static final Logger log = LoggerFactory.getLogger(KeyRenewal.class);

    /** By then each relay has looked which keys are in force, or counts as ended. */
    public static final Duration SETTLED = Duration.ofMinutes(1);

    static final Duration EVERY = Duration.ofDays(30);
    static final Duration LEAD = Duration.ofHours(1);

    private final Path file;
    private final KeyRegister register;
    private final Reseal reseal;
    private final InstantSource clock;
    private final BooleanSupplier clocksAreApart;
    private final RetentionPeriods retention;

    /**
     * @param file the file of the keyring that {@code register} and {@code reseal} use
     * @param register made by {@link KeyRegister#ofCommand}: more careful than a replica's register
     * @param clocksAreApart whether this machine's clock and the database's disagree: a key that a
     *     wrong clock takes out does not come back
     * @param retention how long a backup lives: as long as personal data is kept
     */
    public KeyRenewal(
            Path file,
            KeyRegister register,
            Reseal reseal,
            InstantSource clock,
            BooleanSupplier clocksAreApart,
            RetentionPeriods retention) {
        this.file = file;
        this.register = register;
        this.reseal = reseal;
        this.clock = clock;
        this.clocksAreApart = clocksAreApart;
        this.retention = retention;
    }

    /**
     * Does what is next.
     *
     * @return what was done, or is waited for: a sentence each, without a secret
     */
    public List<String> run() {
        var told = new ArrayList<String>();
        if (clocksAreApart.getAsBoolean()) {
            return List.of(
                    "Nothing is done: this machine's clock and the database's are an hour or more"
                            + " apart. Set the one that is wrong.");
        }
        takeOut(told);
        var retired = register.retired();
        var keys = dataKeys();
        // One that lies further ahead was added by a clock that was wrong, and must not stop this.
        var soon = clock.instant().plus(LEAD.multipliedBy(2));
        var waiting =
                in(keys, State.NEXT).stream().filter(key -> !key.from().isAfter(soon)).toList();
        if (!waiting.isEmpty()) {
            told.add("A new data key waits until " + waiting.getFirst().from() + ".");
            return told;
        }
        var left =
                in(keys, State.PREVIOUS).stream()
                        .filter(key -> !retired.containsKey(key.kid()))
                        .toList();
        if (!left.isEmpty()) {
            told.add(sealAnew(left));
        } else if (isOver(in(keys, State.CURRENT).getFirst())) {
            var from = clock.instant().plus(LEAD).truncatedTo(ChronoUnit.SECONDS);
            KeyringFile.rotate(file, EnumSet.of(Keyring.Kind.DATA), from, clock);
            told.add("A new data key is added, in force from " + from + ".");
        }
        return told;
    }

    /** Whatever was written down when it was retired: a key that something needs stays. */
    private void takeOut(List<String> told) {
        var retired = register.retired();
        var before = retention.erasedBefore(clock.instant());
        var over =
                in(dataKeys(), State.PREVIOUS).stream()
                        .map(KeyInfo::kid)
                        .filter(kid -> retired.getOrDefault(kid, Instant.MAX).isBefore(before))
                        .collect(Collectors.toCollection(TreeSet::new));
        var used = over.stream().filter(this::isUsed).collect(Collectors.toSet());
        if (!used.isEmpty()) {
            register.needAgain(used);
            over.removeAll(used);
            told.add(
                    "Kept, because values were sealed with these keys after they were retired: "
                            + String.join(", ", used)
                            + ".");
        }
        if (!over.isEmpty()) {
            KeyringFile.remove(file, over, clock);
            told.add(
                    "Taken out of the keyring, because the last backup that needs these keys has"
                            + " ended: "
                            + String.join(", ", over)
                            + ".");
        }
    }

    private boolean isUsed(String kid) {
        return sealedColumns().stream().anyMatch(column -> reseal.isUsed(column, kid));
    }

    private String sealAnew(List<KeyInfo> left) {
        if (!register.isSettled(SETTLED)) {
            return "Values of older keys are sealed anew when every relay has had the new key for a"
                    + " minute.";
        }
        long resealed = 0;
        long unreadable = 0;
        for (var column : sealedColumns()) {
            var done = reseal.run(column, progress -> {});
            resealed += done.resealed();
            unreadable += done.unreadable();
        }
        if (unreadable > 0) {
            return unreadable + " values cannot be opened, and so their keys are kept.";
        }
        if (!kids(in(dataKeys(), State.PREVIOUS)).containsAll(kids(left))) {
            return "The keys have changed a moment ago; the next run goes on.";
        }
        register.retire(kids(left));
        return resealed + " values are sealed anew; nothing needs an older data key any more.";
    }

    private boolean isOver(KeyInfo current) {
        return !current.from().plus(EVERY).isAfter(clock.instant());
    }

    private List<KeyInfo> dataKeys() {
        return register.status().stream()
                .map(KeyRegister.Status::key)
                .filter(key -> key.kind() == Keyring.Kind.DATA)
                .toList();
    }

    private static List<KeyInfo> in(List<KeyInfo> keys, State state) {
        return keys.stream().filter(key -> key.state() == state).toList();
    }

    private static Set<String> kids(List<KeyInfo> keys) {
        return keys.stream().map(KeyInfo::kid).collect(Collectors.toSet());
    }

    /** Every column that holds sealed values. */
    public static List<SealedColumn> sealedColumns() {
        return Stream.of(
                        Registry.sealedColumns(),
                        SealedColumns.ALL,
                        CaseLetters.sealedColumns(),
                        IdempotencyKeys.sealedColumns())
                .flatMap(List::stream)
                .toList();
    }

    /** Renews the keyring of a relay that made it itself, if it is time. */
    static void run(Config config, Database database, DatabaseClock clock) {
        // With a keyring of its own: it is more careful about which keys are in force.
        var file = KeyringFile.open(config, clock);
        var register = KeyRegister.ofCommand(database, file.keyring(), clock);
        register.rememberInForce();
        new KeyRenewal(
                        file.path(),
                        register,
                        new Reseal(database, file.keyring().sealer()),
                        clock,
                        clock::isApart,
                        config.retention())
                .run()
                .forEach(log::info);
    }
}
