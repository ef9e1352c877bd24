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

import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The Meta apps and client systems, kept in the database and read from a copy in memory, which
 * {@link #reload} renews.
 */
public final class Registry {

    private static final String RELOAD = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";

    /** Told, inside the transaction that applies a registry, what has changed by it. */
    public interface Listener {

        /** Which systems receive the deletions of which apps from now on. */
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

    /** As {@link #system}, but reloaded first, so that an operator's latest correction applies. */
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
                            handle.execute(RELOAD);
                            var apps = sql.apps(handle, secrets(handle, SecretSql.Table.APP));
                            return new Copy(byId(apps, MetaApp::id), systems(handle));
                        });
        ended = number;
    }

    /**
     * Applies the file in one transaction, and reloads. Entries that the file does not name stay.
     *
     * @return the changes
     * @throws InvalidRegistry if the file does not fit the registered entries; nothing is changed
     */
    public List<RegistryChange> apply(RegistryFile file) {
        var changes = database.inTransaction(handle -> apply(handle, file));
        reload();
        return changes;
    }

    /**
     * What {@link #apply} would change. Applies the file in a transaction that is rolled back.
     *
     * @throws InvalidRegistry if the file does not fit the registered entries
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
     * Locks the retired entries and returns their ids. None of them can become live again until the
     * transaction ends.
     */
    public static List<String> lockRetired(Handle handle, Kind kind) {
        RegistrySql.lockAgainstOtherAppliers(handle);
        return RegistrySql.lockRetired(handle, kind);
    }

    /** Drops entries that nothing outside of the registry names any more. */
    public static void drop(Handle handle, Kind kind, List<String> ids) {
        RegistrySql.drop(handle, kind, ids);
    }

    /** All that is registered by its id, retired entries too. */
    public Map<Kind, Map<String, Entry>> all() {
        return database.withHandle(RegistryViewSql::all);
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
     * Creates or changes one entry, as {@link #apply} does. Fields that are not named stay.
     *
     * @param fields as in the registry file; an entry of {@code secrets} may name a stored secret
     *     by its {@code id} instead of its value
     * @param version the version that the entry must have now; empty: the entry must not exist
     * @param plainHttp whether a system may have an {@code http} address at all
     * @throws RegistryView.Stale if the entry has another version
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
                                    throw new RegistryView.Stale();
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
        RegistryFit.require(file, sql.ids(handle, "meta_app"), sql.ids(handle, "client_system"));
        var heard = Hearing.now(handle);
        var before = state(handle);
        var added = new HashSet<>(sql.write(handle, file, secretSql));
        added.addAll(Hearing.more(handle, heard));
        if (!added.isEmpty()) {
            listener.subscribed(handle, added);
        }
        Hearing.requireFindable(handle, file);
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

    private RegistryState state(Handle handle) {
        return new RegistryState(systems(handle), RegistryViewSql.all(handle));
    }

    private Map<ClientSystemId, ClientSystem> systems(Handle handle) {
        return byId(sql.systems(handle, secrets(handle, SecretSql.Table.SYSTEM)), ClientSystem::id);
    }

    private Map<String, List<SecretSql.Stored>> secrets(Handle handle, SecretSql.Table table) {
        return secretSql.all(handle, table).stream()
                .collect(Collectors.groupingBy(SecretSql.Stored::owner));
    }

    private static <K, V> Map<K, V> byId(List<V> values, Function<V, K> id) {
        return values.stream().collect(Collectors.toUnmodifiableMap(id, Function.identity()));
    }
}
