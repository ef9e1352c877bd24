package net.cartback.deletion.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.Actor;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stores the idempotency keys of requests, with their responses, for a day, so that a request that
 * is sent again after a lost response is carried out once.
 *
 * <p>Safe across replicas.
 */
public final class IdempotencyKeys {

    private static final String USE =
            """
            SELECT request_digest, status, body_sealed
              FROM idempotency_key
             WHERE id = :id
               FOR KEY SHARE
            """;

    private static final String TAKE =
            """
            INSERT INTO idempotency_key
                   (id, attempt, request_digest, used_at)
            VALUES (:id, :attempt, :digest, :now)
            ON CONFLICT DO NOTHING
            """;

    private static final String DONE =
            """
            UPDATE idempotency_key
               SET status = :status, body_sealed = :body
             WHERE id = :id
            """;

    private static final String TIDY = "DELETE FROM idempotency_key WHERE used_at < :before";

    private static final String FREE =
            """
            DELETE FROM idempotency_key
             WHERE attempt = ANY (:attempts) AND status IS NULL
            """;

    private static final Logger log = LoggerFactory.getLogger(IdempotencyKeys.class);
    private static final Duration LIFE = Duration.ofDays(1);
    private static final int MAX_TO_FREE = 10_000;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;

    /** Taken for what was not done, while the database was away. */
    private final Set<First> toFree = ConcurrentHashMap.newKeySet();

    public IdempotencyKeys(Database database, Keyring keyring, InstantSource clock) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
    }

    /** What is to be done with a request that names a key. */
    public sealed interface Use {}

    /**
     * Do it, and say what was answered, or that nothing was done.
     *
     * @param attempt whose turn it is
     */
    public record First(UUID id, UUID attempt) implements Use {}

    /**
     * It was done: answer this.
     *
     * @param location of the header of this name; empty: there was none
     */
    public record Again(int status, String location, String body) implements Use {}

    /** It is being done, or whoever did it died before it was over. */
    public record Underway() implements Use {}

    /** Something else was asked under this key. */
    public record Other() implements Use {}

    private record StoredReply(byte[] request, @Nullable Integer status, byte @Nullable [] body) {}

    /** Where sealed values stand in the table. */
    public static List<SealedColumn> sealedColumns() {
        return List.of(new SealedColumn("idempotency_key", "body_sealed", "id"));
    }

    /**
     * Looks at a key, and takes it if it is new.
     *
     * @param request everything that was asked: method, address, body
     */
    public Use use(Actor actor, String key, String... request) {
        var id = id(actor, key);
        var digest = keyring.digest(request);
        var first = new First(id, UUID.randomUUID());
        try {
            if (take(first, digest.current())) {
                return first;
            }
        } catch (DatabaseUnavailable e) {
            if (e.mayHaveHappened()) {
                freeLater(first);
            }
            throw e;
        }
        var found =
                database.withHandle(
                        handle ->
                                handle.createQuery(USE)
                                        .bind("id", id)
                                        .map(
                                                (row, context) ->
                                                        new StoredReply(
                                                                row.getBytes("request_digest"),
                                                                row.getObject(
                                                                        "status", Integer.class),
                                                                row.getBytes("body_sealed")))
                                        .findOne());
        if (found.isEmpty()) {
            // Nothing was done under it, a moment ago.
            return new Underway();
        }
        var kept = found.get();
        if (digest.oldestFirst().stream().noneMatch(each -> Arrays.equals(each, kept.request()))) {
            return new Other();
        }
        var status = kept.status();
        var body = kept.body();
        if (status == null || body == null) {
            return new Underway();
        }
        var parts = keyring.sealer().open(place(id), body).split("\n", 2);
        return new Again(status, parts[0], parts[1]);
    }

    private boolean take(First first, byte[] digest) {
        return database.withHandle(
                handle ->
                        handle.createUpdate(TAKE)
                                        .bind("id", first.id())
                                        .bind("attempt", first.attempt())
                                        .bind("digest", digest)
                                        .bind("now", clock.instant())
                                        .execute()
                                == 1);
    }

    /** It was done, and this is the answer. */
    public void done(First first, int status, @Nullable String location, String body) {
        var answer = (location == null ? "" : location) + "\n" + body;
        database.withHandle(
                handle ->
                        handle.createUpdate(DONE)
                                .bind("id", first.id())
                                .bind("status", status)
                                .bind("body", keyring.sealer().seal(place(first.id()), answer))
                                .execute());
    }

    /**
     * Frees the key of a request that was not carried out, so that the request can be tried again
     * under the same key. While the database is away, the key is noted here, and {@link #tidy}
     * frees it.
     */
    public void nothingDone(First first) {
        try {
            free(List.of(first));
        } catch (DatabaseUnavailable e) {
            freeLater(first);
            log.warn(
                    "The idempotency key of a request that was not done is freed later: {}",
                    e.getMessage());
        }
    }

    private void freeLater(First first) {
        if (toFree.size() < MAX_TO_FREE) {
            toFree.add(first);
        }
    }

    /** Frees what could not be freed before, and forgets keys that were used a day ago. */
    public void tidy() {
        var left = List.copyOf(toFree);
        if (!left.isEmpty()) {
            free(left);
            left.forEach(toFree::remove);
        }
        var before = clock.instant().minus(LIFE);
        database.withHandle(handle -> handle.createUpdate(TIDY).bind("before", before).execute());
    }

    private void free(List<First> taken) {
        database.withHandle(
                handle ->
                        handle.createUpdate(FREE)
                                .bindArray(
                                        "attempts",
                                        UUID.class,
                                        taken.stream().map(First::attempt).toList())
                                .execute());
    }

    private static UUID id(Actor actor, String key) {
        var digest = ByteBuffer.wrap(Digest.sha256((actor + "\n" + key).getBytes(UTF_8)));
        return new UUID(digest.getLong(), digest.getLong());
    }

    private static SealContext place(UUID id) {
        return new SealContext("idempotency_key", "body_sealed", id.toString());
    }
}
