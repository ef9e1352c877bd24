package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Keyring.Known;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;

import org.jdbi.v3.core.Handle;

import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which keys the replicas have loaded, and which the database needs. Every replica says what it has
 * loaded and looks what the others have; a key comes into force only where all have it, so that
 * nobody seals what another cannot open.
 *
 * <p>Thread-safe. Throws {@link DatabaseUnavailable} while the database is away.
 */
public final class KeyRegister {

    /** A replica that has not been seen for so long does not run. */
    private static final Duration ALIVE = Duration.ofSeconds(60);

    private static final Duration FORGOTTEN = Duration.ofDays(1);

    /** A key is written down before it is used, whatever moment it comes into force. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Duration patience;
    private final UUID replica = UUID.randomUUID();
    private final Instant startedAt;

    /** For a replica: who was not seen for a minute does not run. */
    public KeyRegister(Database database, Keyring keyring, InstantSource clock) {
        this(database, keyring, clock, ALIVE);
    }

    private KeyRegister(
            Database database, Keyring keyring, InstantSource clock, Duration patience) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.patience = patience;
        this.startedAt = clock.instant();
    }

    /**
     * For a command beside the replicas: who was seen in the last day and has not left counts as
     * running. It may only be without its database for a while.
     */
    public static KeyRegister ofCommand(Database database, Keyring keyring, InstantSource clock) {
        return new KeyRegister(database, keyring, clock, FORGOTTEN);
    }

    /**
     * A key and how many of the running replicas have loaded it.
     *
     * @param key what may be told of it
     * @param loadedBy of {@code replicas}
     */
    public record Status(Known key, int loadedBy, int replicas) {}

    /**
     * What keeps a keyring from reading this database, one sentence each: a data or index key that
     * is needed and missing, or another key under the id of one that was in force here.
     */
    public List<String> faults(Keyring keyring) {
        return database.withHandle(handle -> faults(handle, keyring));
    }

    /**
     * Writes down which keys are in force, unless this keyring cannot read the database: one after
     * the other, so that of several relays with different keyrings which come to an empty database
     * at once, the first alone leaves keys in it.
     *
     * @return what keeps it from reading, as {@link #faults}; empty: it has entered
     */
    public List<String> enter() {
        var soon = clock.instant().plus(AHEAD);
        return database.inTransaction(
                handle -> {
                    KeySql.lockAgainstOthersThatEnter(handle);
                    var faults = faults(handle, keyring);
                    if (faults.isEmpty()) {
                        remember(handle, key -> !key.from().isAfter(soon));
                    }
                    return faults;
                });
    }

    private static List<String> faults(Handle handle, Keyring keyring) {
        var loaded = keyring.known().stream().collect(Collectors.toMap(Known::kid, key -> key));
        var faults = new ArrayList<String>();
        for (var one : KeySql.remembered(handle)) {
            var key = loaded.get(one.kid());
            var name =
                    "the %s key \"%s\""
                            .formatted(one.kind().name().toLowerCase(Locale.ROOT), one.kid());
            if (key == null) {
                if (one.needed() && one.kind() != Keyring.Kind.SIGNING) {
                    faults.add(
                            name
                                    + " is missing, and this database needs it: bring the copy of"
                                    + " the keyring that has it");
                }
            } else if (key.kind() != one.kind()
                    || !MessageDigest.isEqual(key.check(), one.check())) {
                faults.add(name + " is not the one that this database was written with");
            }
        }
        return faults;
    }

    /**
     * What keeps this keyring from being used beside the replicas, one sentence for each kind of
     * key: that in force is loaded by none of them.
     */
    public List<String> strange() {
        look();
        var loaded = loaded();
        return keyring.known().stream()
                .filter(key -> key.state() == Keyring.State.CURRENT)
                .filter(key -> !loaded.isEmpty())
                .filter(key -> loaded.stream().noneMatch(each -> each.contains(name(key))))
                .map(
                        key ->
                                "the %s key \"%s\" is in force, and no relay that was seen in the"
                                                .formatted(
                                                        key.kind().name().toLowerCase(Locale.ROOT),
                                                        key.kid())
                                        + " last day has it: is this their keyring?")
                .toList();
    }

    /**
     * Says that this replica runs, what it knows and what it has loaded, unless it is too old, and
     * looks what the others have.
     *
     * @return the version of the schema that a program must know to run here
     */
    public int beat() {
        var now = clock.instant();
        var known = keyring.known();
        remember();
        int oldest =
                database.inTransaction(
                        handle -> {
                            KeySql.forget(handle, now.minus(FORGOTTEN), now.plus(AHEAD));
                            int needed = KeySql.oldestProgram(handle);
                            if (needed <= Migrations.SCHEMA) {
                                KeySql.beat(
                                        handle,
                                        replica,
                                        startedAt,
                                        known.stream().map(KeyRegister::name).toList(),
                                        now);
                            }
                            return needed;
                        });
        var everywhere = look();
        database.withHandle(
                handle -> {
                    KeySql.loadedEverywhere(handle, everywhere, now);
                    return null;
                });
        return oldest;
    }

    /**
     * For a transaction that writes what an older program would not understand: from its commit on
     * none runs here.
     *
     * @param schema the first version of the schema whose programs are known to understand it
     * @throws OlderReplicaRuns if a replica was seen in the last minute that may not understand it
     */
    public static void requireAllKnow(int schema, Handle handle, Instant now) {
        KeySql.raiseOldestProgram(handle, schema);
        int older = KeySql.older(handle, now.minus(ALIVE), schema);
        if (older > 0) {
            throw new OlderReplicaRuns(older);
        }
    }

    private void remember() {
        var soon = clock.instant().plus(AHEAD);
        remember(key -> !key.from().isAfter(soon));
    }

    /** Writes down which keys are in force, or were. */
    public void rememberInForce() {
        remember(key -> key.state() != Keyring.State.NEXT);
    }

    private void remember(Predicate<Known> which) {
        database.inTransaction(
                handle -> {
                    remember(handle, which);
                    return null;
                });
    }

    private void remember(Handle handle, Predicate<Known> which) {
        var now = clock.instant();
        keyring.known().stream().filter(which).forEach(key -> KeySql.remember(handle, key, now));
    }

    /** Its id with a digest of it: two keys under one id are two keys. */
    private static String name(Known key) {
        return key.kid() + " " + HexFormat.of().formatHex(key.check(), 0, 8);
    }

    /**
     * Looks what the running replicas have loaded.
     *
     * @return the ids of the keys that all of them have
     */
    public Set<String> look() {
        var everywhere = everywhere(loaded());
        keyring.loadedEverywhere(everywhere);
        return everywhere;
    }

    private Set<String> everywhere(List<List<String>> loaded) {
        return keyring.known().stream()
                .filter(key -> loaded.stream().allMatch(each -> each.contains(name(key))))
                .map(Known::kid)
                .collect(Collectors.toSet());
    }

    /**
     * Whether for so long every replica has had the keys that are in force, so that none of them
     * uses an older one any more; and whether none waits whose time has come.
     */
    public boolean isSettled(Duration since) {
        var now = clock.instant();
        var before = now.minus(since);
        if (keyring.known().stream()
                .anyMatch(key -> key.state() == Keyring.State.NEXT && !key.from().isAfter(now))) {
            return false;
        }
        if (loaded().isEmpty()) {
            return true;
        }
        var settled = database.withHandle(handle -> KeySql.everywhereSince(handle, before));
        return keyring.known().stream()
                .filter(key -> key.state() == Keyring.State.CURRENT)
                .allMatch(key -> !key.from().isAfter(before) && settled.contains(key.kid()));
    }

    /** Says that this replica does not run any more. */
    public void leave() {
        database.withHandle(
                handle -> {
                    KeySql.leave(handle, replica);
                    return null;
                });
    }

    /**
     * Every key of this keyring, and how many replicas have it: of those that were seen in the last
     * minute, so that one which was killed does not count for a day.
     */
    public List<Status> status() {
        var loaded = loadedSince(ALIVE);
        keyring.loadedEverywhere(everywhere(loaded));
        var all = status(loaded);
        look();
        return all;
    }

    private List<Status> status(List<List<String>> loaded) {
        return keyring.known().stream()
                .map(
                        key ->
                                new Status(
                                        key,
                                        (int)
                                                loaded.stream()
                                                        .filter(kids -> kids.contains(name(key)))
                                                        .count(),
                                        loaded.size()))
                .toList();
    }

    /** Nothing in the database needs these keys any more: they may be taken out of the keyring. */
    public void retire(Collection<String> kids) {
        database.withHandle(
                handle -> {
                    KeySql.retire(handle, kids, clock.instant());
                    return null;
                });
    }

    /** Something is sealed by these keys after all: they are no longer retired. */
    public void needAgain(Collection<String> kids) {
        database.withHandle(
                handle -> {
                    KeySql.needAgain(handle, kids);
                    return null;
                });
    }

    /** The keys that nothing in the database needs any more, and since when. */
    public Map<String, Instant> retired() {
        return database.withHandle(KeySql::retired);
    }

    private List<List<String>> loaded() {
        return loadedSince(patience);
    }

    private List<List<String>> loadedSince(Duration ago) {
        return database.withHandle(handle -> KeySql.loaded(handle, clock.instant().minus(ago)));
    }
}
