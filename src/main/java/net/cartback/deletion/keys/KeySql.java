package net.cartback.deletion.keys;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Migrations;

import org.jdbi.v3.core.Handle;

import java.sql.Array;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** SQL on {@code relay_key} and {@code replica}. */
final class KeySql {

    private static final String LOCK_AGAINST_OTHERS_THAT_ENTER =
            "SELECT pg_advisory_xact_lock(:lock)::text";

    private static final String REMEMBERED =
            """
            SELECT kid, kind, key_check, retired_at IS NULL AS needed
              FROM relay_key
             ORDER BY first_loaded_at, kid
            """;

    private static final String REMEMBER =
            """
            INSERT INTO relay_key (kid, kind, key_check, first_loaded_at)
            VALUES (:kid, :kind, :check, :now)
            ON CONFLICT (kid) DO NOTHING
            """;

    private static final String LOADED_EVERYWHERE =
            """
            UPDATE relay_key
               SET everywhere_since = CASE WHEN kid = ANY (:kids)
                                           THEN CAST(:now AS timestamptz) END
             WHERE (everywhere_since IS NULL) = (kid = ANY (:kids))
                -- Written by a clock that was ahead.
                OR everywhere_since > :now
            """;

    private static final String OLDEST_PROGRAM = "SELECT knows_schema FROM oldest_program";

    private static final String RAISE_OLDEST_PROGRAM =
            "UPDATE oldest_program SET knows_schema = :schema WHERE knows_schema <" + " :schema";

    private static final String OLDER =
            """
            SELECT count(*)
              FROM replica
             WHERE seen_at >= :since
               AND COALESCE(knows_schema, 0) < :schema
            """;

    private static final String EVERYWHERE_SINCE =
            "SELECT kid FROM relay_key WHERE everywhere_since <= :before";

    private static final String RETIRE =
            """
            UPDATE relay_key SET retired_at = :now
             WHERE kid = ANY (:kids) AND retired_at IS NULL
            """;

    private static final String NEED_AGAIN =
            "UPDATE relay_key SET retired_at = NULL WHERE kid = ANY (:kids)";

    private static final String RETIRED =
            "SELECT kid, retired_at FROM relay_key WHERE retired_at IS NOT NULL";

    private static final String BEAT =
            """
            INSERT INTO replica (id, started_at, seen_at, kids, knows_schema)
            VALUES (:id, :started_at, :now, :kids, :schema)
            ON CONFLICT (id) DO UPDATE SET seen_at = :now, kids = :kids
            """;

    private static final String LEAVE = "DELETE FROM replica WHERE id = :id";

    private static final String FORGET =
            "DELETE FROM replica WHERE seen_at < :unseen_since OR seen_at > :ahead";

    private static final String LOADED = "SELECT kids FROM replica WHERE seen_at >= :since";

    private KeySql() {}

    /**
     * A key that has been in force here.
     *
     * @param needed whether it is not retired
     */
    record Remembered(String kid, Keyring.Kind kind, byte[] check, boolean needed) {}

    /** Any number will do that nothing else here uses. */
    private static final long ENTER_LOCK = 0x656e7465_726b6579L;

    static void lockAgainstOthersThatEnter(Handle handle) {
        handle.createQuery(LOCK_AGAINST_OTHERS_THAT_ENTER)
                .bind("lock", ENTER_LOCK)
                .mapTo(String.class)
                .one();
    }

    static List<Remembered> remembered(Handle handle) {
        return handle.createQuery(REMEMBERED)
                .map(
                        (row, context) ->
                                new Remembered(
                                        row.getString("kid"),
                                        Keyring.Kind.valueOf(
                                                row.getString("kind").toUpperCase(Locale.ROOT)),
                                        row.getBytes("key_check"),
                                        row.getBoolean("needed")))
                .list();
    }

    static void remember(Handle handle, Keyring.KeyInfo key, Instant now) {
        handle.createUpdate(REMEMBER)
                .bind("kid", key.kid())
                .bind("kind", key.kind().name().toLowerCase(Locale.ROOT))
                .bind("check", key.check())
                .bind("now", now)
                .execute();
    }

    /** These are loaded by every replica; when they were first, or are again, counts. */
    static void loadedEverywhere(Handle handle, Collection<String> kids, Instant now) {
        handle.createUpdate(LOADED_EVERYWHERE)
                .bindArray("kids", String.class, kids)
                .bind("now", now)
                .execute();
    }

    /** The version of the schema that a program must know to run here. */
    static int oldestProgram(Handle handle) {
        return handle.createQuery(OLDEST_PROGRAM).mapTo(Integer.class).one();
    }

    /** From now on it must know this one, at least; waits for replicas that are just coming. */
    static void raiseOldestProgram(Handle handle, int schema) {
        handle.createUpdate(RAISE_OLDEST_PROGRAM).bind("schema", schema).execute();
    }

    /** How many replicas that were seen since do not know this version of the schema. */
    static int older(Handle handle, Instant since, int schema) {
        return handle.createQuery(OLDER)
                .bind("since", since)
                .bind("schema", schema)
                .mapTo(Integer.class)
                .one();
    }

    /** The keys that every replica has had since before. */
    static Set<String> everywhereSince(Handle handle, Instant before) {
        return handle.createQuery(EVERYWHERE_SINCE)
                .bind("before", before)
                .mapTo(String.class)
                .set();
    }

    static void retire(Handle handle, Collection<String> kids, Instant now) {
        handle.createUpdate(RETIRE)
                .bindArray("kids", String.class, kids)
                .bind("now", now)
                .execute();
    }

    static void needAgain(Handle handle, Collection<String> kids) {
        handle.createUpdate(NEED_AGAIN).bindArray("kids", String.class, kids).execute();
    }

    static Map<String, Instant> retired(Handle handle) {
        return handle.createQuery(RETIRED)
                .reduceRows(
                        new HashMap<>(),
                        (all, row) -> {
                            all.put(
                                    row.getColumn("kid", String.class),
                                    row.getColumn("retired_at", Instant.class));
                            return all;
                        });
    }

    static void heartbeat(
            Handle handle, UUID replica, Instant startedAt, Collection<String> kids, Instant now) {
        handle.createUpdate(BEAT)
                .bind("schema", Migrations.SCHEMA)
                .bind("id", replica)
                .bind("started_at", startedAt)
                .bindArray("kids", String.class, kids)
                .bind("now", now)
                .execute();
    }

    static void leave(Handle handle, UUID replica) {
        handle.createUpdate(LEAVE).bind("id", replica).execute();
    }

    /**
     * Deletes replicas that were not seen since, or were recorded by a clock that was ahead. A
     * replica that runs records itself again.
     */
    static void forget(Handle handle, Instant unseenSince, Instant ahead) {
        handle.createUpdate(FORGET)
                .bind("unseen_since", unseenSince)
                .bind("ahead", ahead)
                .execute();
    }

    /** The keys of each replica that was seen since. */
    static List<List<String>> loaded(Handle handle, Instant since) {
        return handle.createQuery(LOADED)
                .bind("since", since)
                .map((row, context) -> texts(row.getArray("kids")))
                .list();
    }

    private static List<String> texts(Array array) throws SQLException {
        return List.of((String[]) array.getArray());
    }
}
