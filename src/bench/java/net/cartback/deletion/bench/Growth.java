package net.cartback.deletion.bench;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.SystemSignal;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ReplyClass;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;

/** How long a claim and a settling take, by how many deliveries wait. */
final class Growth {

    private static final List<Integer> WAITING = List.of(10_000, 100_000, 1_000_000, 10_000_000);
    private static final int AT_ONCE = 100;
    private static final int WARM = 30;
    private static final int MEASURED = 20;
    private static final int ROUNDS = 3;

    private Growth() {}

    private record Level(
            Database database, Ledger ledger, List<Double> claims, List<Double> settles) {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var levels = new LinkedHashMap<Integer, Level>();
        try {
            for (int waiting : WAITING) {
                levels.put(waiting, level(postgres, waiting));
                Results.say("%,d wait".formatted(waiting));
            }
            for (var level : levels.values()) {
                turn(level, WARM);
                level.claims().clear();
                level.settles().clear();
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (var level : levels.values()) {
                    turn(level, MEASURED);
                }
            }
        } finally {
            levels.values().forEach(level -> level.database().close());
        }
        levels.forEach(
                (waiting, level) ->
                        Results.say(
                                "%,d: claim of %d %.2f ms, settling %.2f ms"
                                        .formatted(
                                                waiting,
                                                AT_ONCE,
                                                Load.median(level.claims()),
                                                Load.median(level.settles()))));
        var least = levels.firstEntry().getValue();
        var most = levels.lastEntry().getValue();
        results.put(
                "growth", "claim_ratio", Load.median(most.claims()) / Load.median(least.claims()));
        results.put(
                "growth",
                "settle_ratio",
                Load.median(most.settles()) / Load.median(least.settles()));
        for (int waiting : WAITING) {
            postgres.drop("growth_" + waiting);
        }
    }

    /** A database in which so many deliveries of three systems are due. */
    private static Level level(Postgres postgres, int waiting) throws SQLException {
        var db = postgres.create("growth_" + waiting);
        db.execute(
                "INSERT INTO meta_app (id, name, platform, state) VALUES ('1', 'x', 'facebook',"
                        + " 'live')",
                """
                INSERT INTO client_system (id, name, public_name, url, events, ack_means, answers,
                                           max_in_flight, rate_per_minute, timeout_ms,
                                           receipt_within_s)
                SELECT id, id, id, 'http://127.0.0.1:1/', ARRAY['deletion'], 'accepted', '{}', 1000,
                       1000000, 15000, 604800
                  FROM unnest(ARRAY['one', 'two', 'three']) AS id
                """,
                "INSERT INTO system_gate (system_id) SELECT id FROM client_system",
                """
                INSERT INTO deletion_request (id, app_id, platform, secret_id, subject_sealed, dated,
                                              repeat_digest, code_digest, code_sealed, requested_at,
                                              received_at, due_at, open_deliveries)
                SELECT uuidv7(), '1', 'facebook', '00000000-0000-0000-0000-000000000000',
                       decode(repeat('5a', 56), 'hex'), true, sha256(('r' || n)::bytea),
                       sha256(('c' || n)::bytea), decode(repeat('5a', 70), 'hex'), now(), now(),
                       now() + INTERVAL '30 days', 3
                  FROM generate_series(1, %d) AS n
                """
                        .formatted((waiting + 2) / 3),
                """
                INSERT INTO delivery (id, request_id, system_id, state, next_attempt_at, created_at)
                SELECT uuidv7(), r.id, s.id, 'pending', r.received_at, r.received_at
                  FROM deletion_request r
                 CROSS JOIN client_system s
                """,
                "VACUUM ANALYZE",
                "CHECKPOINT");
        Results.say(
                "%,d deliveries take %s"
                        .formatted(
                                waiting,
                                db.texts(
                                                "SELECT"
                                                    + " pg_size_pretty(pg_database_size(current_database()))")
                                        .getFirst()));
        var random = new SecureRandom();
        var clock = InstantSource.system();
        var database = new Database(db.address(), 2);
        var keyring =
                Keyring.parse(
                        new KeyMaker(random).generate(Instant.now().minusSeconds(60)),
                        clock,
                        random);
        return new Level(
                database,
                new Ledger(database, keyring, clock, new SimpleMeterRegistry()),
                new ArrayList<>(),
                new ArrayList<>());
    }

    private static void turn(Level level, int times) {
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            var claimed =
                    level.ledger()
                            .claim(AT_ONCE, system -> AT_ONCE / 2, UUID.randomUUID())
                            .deliveries();
            long between = System.nanoTime();
            if (claimed.size() != AT_ONCE) {
                throw new IllegalStateException("Claimed " + claimed.size());
            }
            var settlements =
                    claimed.stream()
                            .map(
                                    each ->
                                            new Settlement(
                                                    each,
                                                    new Attempt(
                                                            Instant.now(),
                                                            Duration.ofMillis(5),
                                                            ReplyClass.ANSWERED,
                                                            null,
                                                            200,
                                                            new byte[21]),
                                                    new Settlement.Next.Close(
                                                            Answer.DELETED, Basis.IN_REPLY),
                                                    new SystemSignal.Good()))
                            .toList();
            long settling = System.nanoTime();
            var _ = level.ledger().settle(settlements);
            level.claims().add((between - start) / 1e6);
            level.settles().add((System.nanoTime() - settling) / 1e6);
        }
    }
}
