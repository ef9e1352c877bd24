package net.cartback.deletion.recording;

import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.registry.Subscription;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Gives requests that are open already the deliveries to a system that was subscribed since.
 * Filling up takes locks on requests first, and then only inserts deliveries that nobody else can
 * see.
 */
public final class Backfill implements Registry.Listener {

    /** Requests that a batch locks at once: few enough that a close hardly waits for it. */
    private static final int BATCH = 500;

    /** Longer than any statement runs before it writes; see {@link Database}. */
    private static final Duration LONGEST_STATEMENT = Duration.ofSeconds(60);

    private final Database database;
    private final InstantSource clock;

    public Backfill(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * Remembers, inside the transaction that subscribes these systems, that requests which are open
     * now lack deliveries; {@link #fillOpenRequests} creates them.
     */
    @Override
    public void subscribed(Handle handle, Set<Subscription> subscriptions) {
        Gates.createMissing(handle, subscriptions.stream().map(Subscription::system).toList());
        BackfillSql.remember(handle, subscriptions);
    }

    /** What held these systems back may be mended by the change: each is probed at once. */
    @Override
    public void changed(Handle handle, Set<ClientSystemId> systems) {
        Gates.probeNow(handle, systems, clock.instant());
    }

    /**
     * Gives open requests the deliveries that they lack because their app was given a system since:
     * in batches, each a transaction, so that callbacks never wait long. If a process dies half
     * way, the next one that calls this goes on.
     *
     * <p>Twice: at once, and when every transaction is over that may have recorded a request
     * without having seen the system. Nobody waits for that, and nothing is locked.
     *
     * @return how many deliveries were created
     */
    public int fillOpenRequests() {
        int created = 0;
        database.useHandle(
                handle -> {
                    BackfillSql.noteTransactions(handle, LONGEST_STATEMENT);
                });
        for (var waiting : database.withHandle(BackfillSql::waiting)) {
            if (waiting.filled() && !waiting.rest()) {
                continue;
            }
            var subscription = waiting.subscription();
            for (var batch = fill(subscription, null);
                    batch.isPresent();
                    batch = fill(subscription, batch.get().last())) {
                created += batch.get().created();
            }
            database.useHandle(
                    handle -> {
                        if (waiting.rest()) {
                            BackfillSql.done(handle, waiting);
                        } else {
                            BackfillSql.filled(handle, waiting);
                        }
                    });
        }
        return created;
    }

    private Optional<BackfillSql.Batch> fill(Subscription subscription, @Nullable UUID after) {
        var now = clock.instant();
        return database.inTransaction(
                handle -> BackfillSql.fill(handle, subscription, after, BATCH, now));
    }
}
