package net.cartback.deletion.command;

import net.cartback.deletion.access.Tokens;
import net.cartback.deletion.attention.Attentions;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.audit.AuditVerification;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.recording.Backfill;
import net.cartback.deletion.recording.IdImport;
import net.cartback.deletion.recording.Redigest;
import net.cartback.deletion.recording.RequestWriter;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.registry.RegistryChange;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.serve.App;
import net.cartback.deletion.serve.KeyRenewal;
import net.cartback.deletion.serve.Watches;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.ServerFacts;
import net.cartback.deletion.storage.Signals;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;

/** What a command beside a running relay needs: the database, and the registry in it. */
public final class CommandRelay implements AutoCloseable {

    /** Enough for a command; the relay beside it needs the rest. */
    private static final int POOL_SIZE = 2;

    /** The embedded server is there; on a busy machine it takes its time. */
    private static final Duration CONNECT_LIMIT_EMBEDDED = Duration.ofMinutes(1);

    private final @Nullable EmbeddedDatabase embedded;
    private final Database database;
    private final DatabaseClock clock = new DatabaseClock();
    private final Path keyringFile;
    private final Keyring keyring;
    private final KeyRegister keys;
    private final Registry registry;
    private final Backfill backfill;

    private CommandRelay(
            Config config, @Nullable EmbeddedDatabase embedded, DatabaseAddress address) {
        var file = KeyringFile.open(config, clock);
        this.keyringFile = file.path();
        this.keyring = file.keyring();
        this.embedded = embedded;
        this.database =
                new Database(
                        address,
                        POOL_SIZE,
                        Actor.COMMAND,
                        embedded == null ? Database.CONNECT_LIMIT : CONNECT_LIMIT_EMBEDDED);
        // A command ends before anybody could read its figures.
        this.backfill = new Backfill(database, clock);
        this.registry = new Registry(database, keyring, clock, backfill);
        this.keys = KeyRegister.ofCommand(database, keyring, clock);
    }

    /**
     * Opens the configured database; the embedded one is started and migrated if nobody runs it.
     * The running replicas can open the values that the command then seals, and have published the
     * keys with which it signs.
     *
     * @throws Refused if this keyring cannot read this database, or is not the replicas'
     */
    static CommandRelay open(Config config) {
        if (!config.isEmbedded()) {
            return begun(new CommandRelay(config, null, config.databaseOrFail()));
        }
        if (!EmbeddedDatabase.isThere(config.dataDir())) {
            throw new Refused(
                    List.of(
                            "there is no data in "
                                    + config.dataDir()
                                    + "; is it DATA_DIR or DATABASE_URL that is missing?"));
        }
        var embedded = EmbeddedDatabase.open(config.dataDir());
        try {
            Migrations.migrate(embedded.address(), null);
            return begun(new CommandRelay(config, embedded, embedded.address()));
        } catch (RuntimeException e) {
            embedded.close();
            throw e;
        }
    }

    private static CommandRelay begun(CommandRelay storage) {
        try {
            storage.begin();
            return storage;
        } catch (RuntimeException e) {
            storage.database.close();
            throw e;
        }
    }

    private void begin() {
        clock.anchor(database);
        KeyringFile.requireNoFault(keys.faults(keyring));
        KeyringFile.requireNoFault(keys.faultsBesideReplicas());
    }

    /** The keys that the replicas have loaded. */
    KeyRegister keys() {
        return keys;
    }

    Registry registry() {
        return registry;
    }

    /**
     * Applies a registry file, gives open requests what they lack, and tells the running replicas.
     *
     * @return what has changed by it
     */
    List<RegistryChange> apply(RegistryFile file) {
        keys.rememberInForce();
        var changes = registry.apply(file);
        backfill.fillOpenRequests();
        try (var signals = new Signals(database)) {
            signals.sendNow(App.REGISTRY);
            signals.sendNow(App.WORK);
        }
        return changes;
    }

    /** What applying it would change. */
    List<RegistryChange> differences(RegistryFile file) {
        return registry.differences(file);
    }

    Reseal reseal() {
        keys.rememberInForce();
        return new Reseal(database, keyring.sealer());
    }

    KeyRenewal renewal(RetentionPeriods periods) {
        return new KeyRenewal(keyringFile, keys, reseal(), clock, clock::isApart, periods);
    }

    Tokens tokens() {
        return new Tokens(database, clock);
    }

    /** Told of its new work by {@link #tellOfWork}. */
    IdImport idImport() {
        keys.rememberInForce();
        return new IdImport(
                database,
                keyring,
                clock,
                new RequestWriter(database, keyring, clock, new SecureRandom(), () -> true));
    }

    void tellOfWork() {
        try (var signals = new Signals(database)) {
            signals.sendNow(App.WORK);
        }
    }

    /** As the relay under this public URL gives them. */
    Proofs proofs(String publicUrl) {
        return new Proofs(database, keyring, clock, new PublicUrl(publicUrl));
    }

    /** As far as the database tells. */
    Attentions attentions() {
        var trail = new AuditTrail(database);
        return new Attentions(
                database,
                clock,
                List.of(
                        () -> Watches.auditBehind(trail, clock.instant()),
                        () -> Attentions.noRelay(database, clock.instant())));
    }

    ServerFacts serverFacts() {
        return ServerFacts.of(database);
    }

    boolean areClocksApart() {
        return !Watches.clocks(clock).isEmpty();
    }

    AuditVerification audit() {
        return new AuditVerification(database, keyring);
    }

    Redigest redigest() {
        return new Redigest(database, keyring);
    }

    @Override
    public void close() {
        database.close();
        if (embedded != null) {
            embedded.close();
        }
    }
}
