package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Keyring.KeyInfo;
import net.cartback.deletion.storage.Database;
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
 * Records which keys the replicas have loaded, and which keys the database needs. Every replica
 * records its own keys and reads those of the others. A key comes into force only when all replicas
 * have loaded it, so that no replica seals a value that another replica cannot open.
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
     * For a command beside the replicas: a replica that was seen in the last day and has not left
     * counts as running, because it may only have lost its database for a while.
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
    public record Status(KeyInfo key, int loadedBy, int replicas) {}

    /**
     * The faults that keep a keyring from reading this database, one sentence each: a needed data
     * or index key is missing, or a key has the id of another key that was in force here.
     */
    public List<String> faults(Keyring keyring) {
        return database.withHandle(handle -> faults(handle, keyring));
    }

    /**
     * Records which keys are in force, unless this keyring cannot read the database. Only one relay
     * at a time does this. If several relays with different keyrings start on an empty database at
     * once, only the first one records its keys.
     *
     * @return the faults, as {@link #faults}; empty: the keys are recorded
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
        var loaded = keyring.known().stream().collect(Collectors.toMap(KeyInfo::kid, key -> key));
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
                                    + " is missing, and this database needs it: use the copy of"
                                    + " the keyring that has this key");
                }
            } else if (key.kind() != one.kind()
                    || !MessageDigest.isEqual(key.check(), one.check())) {
                faults.add(name + " is not the key that this database was written with");
            }
        }
        return faults;
    }

    /**
     * What keeps this keyring from being used beside the replicas, one sentence for each kind of
     * key: that in force is loaded by none of them.
     */
    public List<String> faultsBesideReplicas() {
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
     * Records that this replica runs, which schema it knows and which keys it has loaded, unless
     * its program is too old. Then reads which keys the other replicas have loaded.
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
                                KeySql.heartbeat(
                                        handle,
                                        replica,
                                        startedAt,
                                        known.stream().map(KeyRegister::name).toList(),
                                        now);
                            }
                            return needed;
                        });
        var everywhere = look();
        database.useHandle(
                handle -> {
                    KeySql.loadedEverywhere(handle, everywhere, now);
                });
        return oldest;
    }

    /**
     * For a transaction that writes data that an older program would not understand. After the
     * commit, no older program can run here.
     *
     * @param schema the first version of the schema whose programs understand the data
     * @throws OlderReplicaRuns if a replica that was seen in the last minute may not understand it
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

    private void remember(Predicate<KeyInfo> which) {
        database.useTransaction(
                handle -> {
                    remember(handle, which);
                });
    }

    private void remember(Handle handle, Predicate<KeyInfo> which) {
        var now = clock.instant();
        keyring.known().stream().filter(which).forEach(key -> KeySql.remember(handle, key, now));
    }

    /** The key's id with a digest of the key: different keys with the same id are told apart. */
    private static String name(KeyInfo key) {
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
                .map(KeyInfo::kid)
                .collect(Collectors.toSet());
    }

    /**
     * Whether every replica has had the keys in force for at least this long, so that no replica
     * uses an older key any more, and no key whose time has come still waits to come into force.
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
        database.useHandle(
                handle -> {
                    KeySql.leave(handle, replica);
                });
    }

    /**
     * Every key of this keyring, and how many replicas have loaded it. Only replicas that were seen
     * in the last minute count, so that a killed replica does not count for a day.
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
        database.useHandle(
                handle -> {
                    KeySql.retire(handle, kids, clock.instant());
                });
    }

    /** Something is sealed by these keys after all: they are no longer retired. */
    public void needAgain(Collection<String> kids) {
        database.useHandle(
                handle -> {
                    KeySql.needAgain(handle, kids);
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
