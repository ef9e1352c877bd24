package net.cartback.deletion.serve;

import net.cartback.deletion.config.Refused;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.DatabaseClock;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What must be there before the relay takes anything in: the database, its schema, its keys. */
final class Startup {

    private static final Logger log = LoggerFactory.getLogger(Startup.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    private final DatabaseAddress address;
    private final Database database;
    private final DatabaseClock clock;
    private final KeyWatch keys;
    private final ConfiguredRegistry registry;

    Startup(
            DatabaseAddress address,
            Database database,
            DatabaseClock clock,
            KeyWatch keys,
            ConfiguredRegistry registry) {
        this.address = address;
        this.database = database;
        this.clock = clock;
        this.keys = keys;
        this.registry = registry;
    }

    /**
     * Waits until all of it is there, and applies the registry file.
     *
     * @param stop counted down when the waiting shall end
     * @return false if it was told to stop first
     * @throws Refused if what is there cannot be used
     * @throws InvalidRegistry if the registry file does not fit what is registered
     */
    boolean await(CountDownLatch stop) throws InterruptedException {
        var told = "";
        for (var missing = missing(); missing != null; missing = missing()) {
            if (!missing.equals(told)) {
                log.warn("Waiting: {}", missing);
                told = missing;
            }
            if (stop.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return true;
    }

    private @Nullable String missing() {
        try {
            if (!Migrations.isCurrent(address)) {
                return "the schema is not the one this version needs; the command migrate makes it";
            }
            requireSettings();
            clock.anchor(database);
            keys.check();
            registry.applyOrWait();
            return null;
        } catch (DatabaseUnavailable e) {
            return e.whyRefused();
        }
    }

    /** Without them there is no limit to what a statement may wait for. */
    private void requireSettings() {
        var lost = database.lostSettings();
        if (!lost.isEmpty()) {
            throw new Refused(
                    List.of(
                            "DATABASE_URL leads through a pooler that drops the relay's settings ("
                                    + String.join(", ", lost)
                                    + "): connect to PostgreSQL itself, or let the pooler pass"
                                    + " options on, in session mode"));
        }
    }
}
