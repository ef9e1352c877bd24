package net.cartback.deletion.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Meta apps and client systems, kept in the database and read from a copy in memory, which
 * {@link #reload} renews.
 *
 * <p>Thread-safe.
 */
public final class Registry {

    /** Told, inside the transaction that applies a registry, what has changed by it. */
    public interface Listener {

        /** Who hears of what from now on. */
        void subscribed(Handle handle, Set<Subscription> subscriptions);

        /** Which systems that were registered before have another entry now. */
        void changed(Handle handle, Set<ClientSystemId> systems);
    }

    private record Copy(Map<MetaAppId, MetaApp> apps, Map<ClientSystemId, ClientSystem> systems) {}

    /** The schema whose replicas say what they know; older ones may not know this. */
    private static final int RETIRING = 19;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Listener listener;
    private final RegistrySql sql;
    private final SecretSql secretSql;

    /** The number of the reading that began last; written under the lock. */
    private volatile long begun;

    /** The number of the last one that came to its end; under the lock. */
    private long ended;

    private volatile Copy copy = new Copy(Map.of(), Map.of());

    public Registry(Database database, Keyring keyring, InstantSource clock, Listener listener) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.listener = listener;
        this.sql = new RegistrySql(keyring.sealer());
        this.secretSql = new SecretSql(keyring.sealer());
    }

    /** The app of this id, if it is registered. */
    public Optional<MetaApp> app(MetaAppId id) {
        return Optional.ofNullable(copy.apps().get(id));
    }

    /** The client system of this id, if it is registered. */
    public Optional<ClientSystem> system(ClientSystemId id) {
        var known = copy.systems().get(id);
        if (known == null) {
            // Another replica may have registered it a moment ago.
            reload();
            known = copy.systems().get(id);
        }
        return Optional.ofNullable(known);
    }

    /** As {@link #system}, read anew: what an operator has just mended is what is to be tried. */
    public Optional<ClientSystem> systemNow(ClientSystemId id) {
        long asked = begun;
        synchronized (this) {
            // Of many who ask at once, all but two take what another began to read after that.
            if (ended <= asked) {
                reload();
            }
        }
        return Optional.ofNullable(copy.systems().get(id));
    }

    /** The ids of all apps, retired ones too, as they were read last. */
    public Set<MetaAppId> appIds() {
        return copy.apps().keySet();
    }

    /** The ids of all client systems, retired ones too, as they were read last. */
    public Set<ClientSystemId> systemIds() {
        return copy.systems().keySet();
    }

    /** Where sealed values stand in the tables of this package. */
    public static List<SealedColumn> sealedColumns() {
        return List.of(
                new SealedColumn("app_secret", "value_sealed", "id"),
                new SealedColumn("system_secret", "value_sealed", "id"),
                new SealedColumn("client_system", "query_sealed", "id"));
    }

    /** The ids of all apps and systems; empty also where there is no schema yet. */
    public Set<String> idsIfAny() {
        return database.withHandle(
                handle -> {
                    var ids = new HashSet<String>();
                    if (sql.isThere(handle)) {
                        ids.addAll(sql.ids(handle, "meta_app"));
                        ids.addAll(sql.ids(handle, "client_system"));
                    }
                    return ids;
                });
    }

    /** Reads everything anew. */
    public synchronized void reload() {
        long number = begun + 1;
        begun = number;
        copy =
                database.inTransaction(
                        handle -> {
                            // One snapshot: an app must not appear without its secrets.
                            handle.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
                            var apps = sql.apps(handle, secrets(handle, SecretSql.Table.APP));
                            return new Copy(byId(apps, MetaApp::id), systems(handle));
                        });
        ended = number;
    }

    /**
     * Makes what the file names so, in one transaction, and reloads. What it does not name stays.
     *
     * @return what has changed by it
     * @throws InvalidRegistry if it does not fit what is registered: nothing is changed then
     */
    public List<RegistryChange> apply(RegistryFile file) {
        var changes = database.inTransaction(handle -> apply(handle, file));
        reload();
        return changes;
    }

    /**
     * What {@link #apply} would change: it is done, looked at and taken back.
     *
     * @throws InvalidRegistry if it does not fit what is registered
     */
    public List<RegistryChange> differences(RegistryFile file) {
        try {
            return database.inTransaction(
                    handle -> {
                        throw new TakenBack(apply(handle, file));
                    });
        } catch (TakenBack e) {
            return e.changes;
        }
    }

    /** Ends a transaction that shall change nothing. */
    private static final class TakenBack extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final transient List<RegistryChange> changes;

        TakenBack(List<RegistryChange> changes) {
            super("Nothing shall change", null, false, false);
            this.changes = changes;
        }
    }

    /**
     * The ids of what is retired, locked: nobody takes it back into use until the transaction ends.
     */
    public static List<String> lockRetired(Handle handle, Kind kind) {
        RegistrySql.lockAgainstOtherAppliers(handle);
        return RegistrySql.lockRetired(handle, kind);
    }

    /** Drops entries that nothing outside of the registry names any more. */
    public static void drop(Handle handle, Kind kind, List<String> ids) {
        RegistrySql.drop(handle, kind, ids);
    }

    /** All that is registered, retired entries too. */
    public Map<Kind, List<Entry>> all() {
        return database.withHandle(
                handle ->
                        Stream.of(Kind.values())
                                .collect(
                                        Collectors.toMap(
                                                kind -> kind,
                                                kind ->
                                                        List.copyOf(
                                                                RegistryViewSql.all(handle, kind)
                                                                        .values()),
                                                (one, other) -> one,
                                                () -> new EnumMap<>(Kind.class))));
    }

    /** An entry is not as who changes it believes; nothing was changed. */
    public static final class Stale extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Stale() {
            super("The entry has changed meanwhile", null, false, false);
        }
    }

    /**
     * Entries with higher ids than this one, as they are read back.
     *
     * @param retired whether those that are retired, or all others
     */
    public List<Entry> entries(Kind kind, boolean retired, String after, int atMost) {
        return database.withHandle(
                handle -> RegistryViewSql.page(handle, kind, retired, after, atMost));
    }

    /** One entry as it is read back; empty if there is none of this id. */
    public Optional<Entry> entry(Kind kind, String id) {
        return database.withHandle(handle -> RegistryViewSql.find(handle, kind, id));
    }

    /**
     * Makes one entry so, as {@link #apply} does: what is not named stays.
     *
     * @param fields as in the registry file; an entry of {@code secrets} may name one that is there
     *     by its {@code id} instead of its value
     * @param version what the entry must have now; empty: there must be none of this id
     * @param plainHttp whether a system may have an {@code http} address at all
     * @throws Stale if it has another version
     * @throws InvalidRegistry with each fault named by its field
     */
    public Entry change(
            Kind kind,
            String id,
            ObjectNode fields,
            String version,
            boolean plainHttp,
            Actor actor) {
        try {
            var file = RegistryFile.changes(RegistryView.file(kind, id, fields), plainHttp);
            var changed =
                    database.inTransaction(
                            actor,
                            handle -> {
                                RegistrySql.lockAgainstOtherAppliers(handle);
                                var before = RegistryViewSql.find(handle, kind, id);
                                if (!RegistryView.version(before).equals(version)) {
                                    throw new Stale();
                                }
                                apply(handle, file);
                                return RegistryViewSql.find(handle, kind, id).orElseThrow();
                            });
            reload();
            return changed;
        } catch (InvalidRegistry e) {
            throw new InvalidRegistry(RegistryView.named(kind, e.faults()));
        }
    }

    /**
     * Applies the file unless exactly this content, variables filled in, was applied before.
     *
     * @return whether it was applied now
     */
    public boolean applyOnce(RegistryFile file) {
        var fingerprint = keyring.digest("registry", file.fingerprint());
        boolean applied =
                database.inTransaction(
                        handle -> {
                            RegistrySql.lockAgainstOtherAppliers(handle);
                            if (!sql.rememberApplied(handle, fingerprint, clock.instant())) {
                                return false;
                            }
                            apply(handle, file);
                            return true;
                        });
        reload();
        return applied;
    }

    private List<RegistryChange> apply(Handle handle, RegistryFile file) {
        RegistrySql.lockAgainstOtherAppliers(handle);
        refuseWhatDoesNotFit(handle, file);
        var deaf = sql.deafSystems(handle);
        var before = state(handle);
        var added = new HashSet<Subscription>();
        for (var system : file.systems()) {
            sql.upsertSystem(handle, system, file.whole());
            if (system.secrets() != null) {
                secretSql.replace(
                        handle, SecretSql.Table.SYSTEM, system.id().value(), system.secrets());
            }
        }
        for (var app : file.apps()) {
            sql.upsertApp(handle, app, file.whole());
            if (app.secrets() != null) {
                secretSql.replace(handle, SecretSql.Table.APP, app.id().value(), app.secrets());
            }
            if (app.systems() != null) {
                added.addAll(sql.replaceSubscriptions(handle, app.id(), app.systems()));
            }
        }
        added.addAll(sql.listening(handle, deaf));
        if (!added.isEmpty()) {
            listener.subscribed(handle, added);
        }
        var after = state(handle);
        var changed = after.changedSince(before);
        if (!changed.isEmpty()) {
            listener.changed(handle, changed);
        }
        var changes = after.changesSince(before);
        if (changes.stream().anyMatch(RegistryChange::retires)) {
            KeyRegister.requireAllKnow(RETIRING, handle, clock.instant());
        }
        return changes;
    }

    /** All that is registered, as the dispatcher knows it and as operators read it. */
    private record State(
            Map<ClientSystemId, ClientSystem> systems, Map<Kind, Map<String, Entry>> entries) {

        /** Which systems that were there have another entry now. */
        Set<ClientSystemId> changedSince(State before) {
            return before.systems.values().stream()
                    .filter(each -> !each.equals(systems.get(each.id())))
                    .map(ClientSystem::id)
                    .collect(Collectors.toSet());
        }

        List<RegistryChange> changesSince(State before) {
            return entries.entrySet().stream()
                    .flatMap(
                            kind ->
                                    kind.getValue().entrySet().stream()
                                            .flatMap(
                                                    each ->
                                                            change(
                                                                    before,
                                                                    kind.getKey(),
                                                                    each.getKey(),
                                                                    each.getValue())))
                    .toList();
        }

        private Stream<RegistryChange> change(State before, Kind kind, String id, Entry after) {
            var old = Objects.requireNonNull(before.entries.get(kind)).get(id);
            boolean otherQuery =
                    kind == Kind.SYSTEM
                            && !Objects.equals(before.query(id), query(id))
                            && before.query(id) != null
                            && query(id) != null;
            return RegistryChange.between(kind, old, after, otherQuery).stream();
        }

        /** The query of a system's address, which entries do not show. */
        private @Nullable String query(String id) {
            var system = systems.get(new ClientSystemId(id));
            return system == null ? null : system.url().getRawQuery();
        }
    }

    private State state(Handle handle) {
        return new State(
                systems(handle),
                Stream.of(Kind.values())
                        .collect(
                                Collectors.toMap(
                                        kind -> kind,
                                        kind -> RegistryViewSql.all(handle, kind),
                                        (one, other) -> one,
                                        () -> new EnumMap<>(Kind.class))));
    }

    private Map<ClientSystemId, ClientSystem> systems(Handle handle) {
        return byId(sql.systems(handle, secrets(handle, SecretSql.Table.SYSTEM)), ClientSystem::id);
    }

    /** What a new entry must say, and whether every system that an app names exists. */
    private void refuseWhatDoesNotFit(Handle handle, RegistryFile file) {
        var faults = new ArrayList<String>();
        var knownApps = new HashSet<>(sql.ids(handle, "meta_app"));
        var knownSystems = new HashSet<>(sql.ids(handle, "client_system"));
        for (int i = 0; i < file.systems().size(); i++) {
            var system = file.systems().get(i);
            if (knownSystems.add(system.id().value())) {
                var path = "systems[" + i + "].";
                require(faults, path + "name", system.name());
                require(faults, path + "url", system.url());
                require(faults, path + "secrets", system.secrets());
            }
        }
        for (int i = 0; i < file.apps().size(); i++) {
            var app = file.apps().get(i);
            var path = "apps[" + i + "].";
            if (!knownApps.contains(app.id().value())) {
                require(faults, path + "name", app.name());
                require(faults, path + "secrets", app.secrets());
            }
            var systems = app.systems() == null ? List.<ClientSystemId>of() : app.systems();
            for (int k = 0; k < systems.size(); k++) {
                if (!knownSystems.contains(systems.get(k).value())) {
                    faults.add(path + "systems[" + k + "]: no system has the id " + systems.get(k));
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidRegistry(faults);
        }
    }

    private static void require(List<String> faults, String path, @Nullable Object value) {
        if (value == null) {
            faults.add(path + ": is required for a new entry");
        }
    }

    private Map<String, List<SecretSql.Stored>> secrets(Handle handle, SecretSql.Table table) {
        return secretSql.all(handle, table).stream()
                .collect(Collectors.groupingBy(SecretSql.Stored::owner));
    }

    private static <K, V> Map<K, V> byId(List<V> values, Function<V, K> id) {
        return values.stream().collect(Collectors.toUnmodifiableMap(id, Function.identity()));
    }
}
