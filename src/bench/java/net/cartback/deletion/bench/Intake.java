package net.cartback.deletion.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Callbacks over HTTP at 64 connections, each verified, sealed and recorded with three deliveries:
 * against pgbench running the statement for one request as one transaction, and against the same
 * program without group commit. The systems are paused, so that nothing else is measured.
 */
final class Intake {

    private static final int CONNECTIONS = 64;
    private static final int WARM = 150_000;
    private static final int MEASURED = 30_000;
    private static final int ROUNDS = 5;
    private static final int PGBENCH_SECONDS = 6;

    private static final String SCRIPT =
            """
            WITH subscriber AS (
                SELECT system_id FROM deletion_subscriber WHERE app_id = '1234567890'
            ), recorded AS (
                INSERT INTO deletion_request
                       (id, app_id, platform, secret_id, subject_sealed, repeat_digest, dated,
                        code_digest, code_sealed, requested_at, received_at, due_at,
                        open_deliveries)
                VALUES (uuidv7(), '1234567890', 'facebook', '00000000-0000-0000-0000-000000000000',
                        decode(repeat('5a', 56), 'hex'),
                        sha256(gen_random_uuid()::text::bytea), true,
                        sha256(gen_random_uuid()::text::bytea), decode(repeat('5a', 70), 'hex'),
                        now(), now(), now() + INTERVAL '30 days',
                        (SELECT count(*) FROM subscriber))
                ON CONFLICT (repeat_digest) DO NOTHING
                RETURNING id
            ), created AS (
                INSERT INTO delivery
                       (id, request_id, system_id, state, next_attempt_at, created_at)
                SELECT uuidv7(), recorded.id, subscriber.system_id, 'pending', now(), now()
                  FROM recorded CROSS JOIN subscriber
            )
            SELECT count(*) FROM recorded;
            """;

    private Intake() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var script = directory.resolve("intake.sql");
        Files.writeString(script, SCRIPT);
        var systems = new ArrayList<String>();
        for (var id : List.of("one", "two", "three")) {
            systems.add(Relay.system(id, "http://127.0.0.1:1/"));
        }
        var together = postgres.create("intake_together");
        var alone = postgres.create("intake_alone");
        var bare = postgres.create("intake_bare");
        try (var relay = new Relay(directory, together, systems, List.of(), Map.of());
                var relayAlone =
                        new Relay(
                                directory,
                                alone,
                                systems,
                                List.of(),
                                Map.of("RECORD_TOGETHER", "1"))) {
            var registry = new Relay(directory, bare, systems, List.of(), Map.of());
            registry.close();
            for (var db : List.of(together, alone, bare)) {
                Fanout.pause(db);
            }
            Load.run(relay.port(), CONNECTIONS, Load.callbacks(WARM));
            Load.run(relayAlone.port(), CONNECTIONS, Load.callbacks(WARM));
            var perSecond = new ArrayList<Double>();
            var p50 = new ArrayList<Double>();
            var p99 = new ArrayList<Double>();
            var toPgbench = new ArrayList<Double>();
            var toAlone = new ArrayList<Double>();
            for (int round = 0; round < ROUNDS; round++) {
                var callbacks = Load.callbacks(MEASURED);
                double relayBefore = relay.cpuSeconds();
                double postgresBefore = postgres.cpuSeconds();
                var outcome = Load.run(relay.port(), CONNECTIONS, callbacks);
                Results.say(
                        "CPU s per 1000: relay %.3f, PostgreSQL %.3f"
                                .formatted(
                                        (relay.cpuSeconds() - relayBefore) * 1000 / MEASURED,
                                        (postgres.cpuSeconds() - postgresBefore)
                                                * 1000
                                                / MEASURED));
                double tps = postgres.pgbench(bare, script, PGBENCH_SECONDS);
                var one = Load.run(relayAlone.port(), CONNECTIONS, Load.callbacks(MEASURED));
                Results.say(
                        ("together %.0f/s (p50 %.1f ms, p99 %.1f ms), pgbench %.0f/s, each its own"
                                        + " commit %.0f/s (p99 %.1f ms)")
                                .formatted(
                                        outcome.perSecond(),
                                        outcome.p50Ms(),
                                        outcome.p99Ms(),
                                        tps,
                                        one.perSecond(),
                                        one.p99Ms()));
                perSecond.add(outcome.perSecond());
                p50.add(outcome.p50Ms());
                p99.add(outcome.p99Ms());
                toPgbench.add(outcome.perSecond() / tps);
                toAlone.add(outcome.perSecond() / one.perSecond());
            }
            Results.say(relay.metrics("relay_recorded_together(_count|_sum|_max)"));
            results.put("intake", "requests_per_s", Load.median(perSecond));
            results.put("intake", "p50_ms", Load.median(p50));
            results.put("intake", "p99_ms", Load.median(p99));
            results.put("intake", "ratio_to_pgbench", Load.median(toPgbench));
            results.put("intake", "ratio_to_own_commits", Load.median(toAlone));
        }
    }
}
