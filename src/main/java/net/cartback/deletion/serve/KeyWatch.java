package net.cartback.deletion.serve;

import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Keeps the keyring equal to its file, and tells the other replicas which keys are loaded here. It
 * has a thread of its own, because a replica that is silent for a minute counts as ended.
 */
final class KeyWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KeyWatch.class);
    private static final Duration ROUND = Duration.ofSeconds(5);

    /**
     * If the other replicas have not seen this replica for so long, they may soon go on without it.
     * This is {@link KeyRegister}'s minute, less the time of a statement that is under way.
     */
    private static final Duration IN_STEP = Duration.ofSeconds(40);

    private final KeyringFile file;
    private final Keyring keyring;
    private final KeyRegister register;
    private final Runnable whenKeysChange;
    private final Loop loop = new Loop("keys", ROUND, this::round);
    private List<String> inForce = List.of();

    /** A round waits for the file and for the database for seconds: one that takes longer hangs. */
    private static final Duration LONGEST_ROUND = Duration.ofMinutes(5);

    /** When the last round began that ended well, and when one began. */
    private final LastSeen others = new LastSeen();

    private final LastSeen round = new LastSeen();
    private volatile boolean inRound;
    private volatile boolean entered;
    private volatile int oldestProgram;
    private volatile @Nullable Instant unreadSince;

    /** What was told of a file that cannot be used: once, and not each round. */
    private List<String> unusable = List.of();

    /**
     * @param whenKeysChange what must follow when another key is in force
     */
    KeyWatch(KeyringFile file, KeyRegister register, Runnable whenKeysChange) {
        this.file = file;
        this.keyring = file.keyring();
        this.register = register;
        this.whenKeysChange = whenKeysChange;
    }

    /**
     * Looks whether it may begin, once the schema is there.
     *
     * @throws Refused if this keyring cannot read this database
     */
    void check() {
        var began = others.now();
        KeyringFile.requireNoFault(register.enter());
        entered = true;
        oldestProgram = register.beat();
        inForce = currentKeys();
        others.at(began);
    }

    /**
     * Whether the other replicas know that this replica runs, this replica knows which keys they
     * have, and it understands the contents of the tables. Otherwise this replica must record and
     * claim nothing: the others may already use a key that is not loaded here, and this replica
     * would take a request that they recorded under that key for a new one.
     */
    boolean isInStep() {
        return others.isWithin(IN_STEP) && oldestProgram <= Migrations.SCHEMA;
    }

    /** Since when the file cannot be read; null: it can. A start needs it. */
    @Nullable Instant unreadSince() {
        return unreadSince;
    }

    void start() {
        loop.start();
    }

    boolean isAlive() {
        return loop.isAlive() && (!inRound || round.isWithin(LONGEST_ROUND));
    }

    private void round() {
        var began = others.now();
        round.at(began);
        inRound = true;
        try {
            round(began);
        } finally {
            inRound = false;
        }
    }

    private void round(LastSeen.ClockReading began) {
        try {
            boolean loaded = file.reloadIfChanged(register::faults);
            unreadSince = null;
            unusable = List.of();
            if (loaded) {
                log.atInfo().addKeyValue("keys", keyring).log("The keyring has been loaded again");
            }
        } catch (KeyringFile.Unread e) {
            if (unreadSince == null) {
                unreadSince = Instant.now();
                log.warn("The keyring cannot be read now; its keys stay in use: {}", e.faults());
            }
        } catch (Refused e) {
            if (!e.faults().equals(unusable)) {
                log.error(
                        "The keyring's file has changed and cannot be used; the old keys stay in"
                                + " use: {}",
                        e.faults());
            }
            unusable = e.faults();
        }
        look(register.beat());
        others.at(began);
        var now = currentKeys();
        if (!now.equals(inForce)) {
            whenKeysChange.run();
            inForce = now;
            log.atInfo().addKeyValue("in_force", now).log("Another key is in force");
        }
    }

    /** A newer program may have made of the tables what this one does not understand. */
    private void look(int oldest) {
        if (oldest > Migrations.SCHEMA && oldestProgram <= Migrations.SCHEMA) {
            log.error("Nothing is taken in or sent any more. {}", Migrations.tooOld(oldest));
        }
        oldestProgram = oldest;
    }

    /** Ends, and says that nobody needs to wait for this replica any more. */
    @Override
    public void close() {
        loop.close();
        if (!entered) {
            return;
        }
        try {
            register.leave();
        } catch (DatabaseUnavailable e) {
            log.debug("The others will notice by themselves that this replica has ended", e);
        }
    }

    private List<String> currentKeys() {
        return keyring.known().stream()
                .filter(key -> key.state() == Keyring.State.CURRENT)
                .map(Keyring.KeyInfo::kid)
                .toList();
    }
}
