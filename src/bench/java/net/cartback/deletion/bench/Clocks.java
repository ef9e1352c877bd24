package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Digest;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Clocks that are wrong for seconds: one replica's, then the database's, each an hour and 800 days
 * ahead and an hour behind, while callbacks go on. The processes are real, and so are their clocks,
 * but for libfaketime. Nothing may be lost, nothing erased, and everything delivered within a
 * minute after the clock is right again; it ends with an error if that is not so.
 *
 * <p>Runs only if it is named: {@code -Dbench.parts=clocks}. It needs libfaketime (Debian: {@code
 * libfaketime}).
 */
final class Clocks {

    private static final List<Path> LIBRARIES =
            Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
                    .map(each -> Path.of(each, "faketime", "libfaketimeMT.so.1"))
                    .toList();
    private static final List<String> STEPS = List.of("+1h", "+800d", "-1h");
    private static final String RIGHT = "+0";
    private static final Duration BEFORE = Duration.ofSeconds(10);
    private static final Duration WRONG = Duration.ofSeconds(16);
    private static final Duration AFTER = Duration.ofSeconds(25);
    private static final Duration DELIVERED_WITHIN = Duration.ofMinutes(1);
    // A process whose clock is made up needs about 200 ms of both cores for a callback.
    private static final int PER_SECOND = 4;
    private static final int MAX_TRIES = 100;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final HttpClient client = HttpClient.newHttpClient();

    private int askedAgain;

    private Clocks(Path directory) {
        this.directory = directory;
    }

    static void run(Path directory, Results results) throws Exception {
        var where = directory.resolve("clocks");
        Files.createDirectories(where);
        new Clocks(where).run(results);
    }

    private void run(Results results) throws Exception {
        var ofDatabase = clock("database");
        var ofReplica = clock("replica");
        try (var server = new SteppedPostgres(directory.resolve("data"), environment(ofDatabase));
                var receiver = new Receiver(Receiver.Manner.ANSWERS)) {
            var systems = List.of(Relay.system("crm", receiver.url()));
            for (var step : STEPS) {
                // A database for each: what one step leaves behind must not hide another's.
                step("replica", step, ofReplica, ofReplica, server.postgres(), systems, results);
                step("database", step, ofDatabase, ofReplica, server.postgres(), systems, results);
            }
        }
    }

    private void step(
            String whose,
            String step,
            Path clock,
            Path ofReplica,
            Postgres postgres,
            List<String> systems,
            Results results)
            throws Exception {
        var name = "clock_" + whose + "_" + STEPS.indexOf(step);
        var db = postgres.create(name);
        var answered = new HashMap<String, String>();
        askedAgain = 0;
        try (var a =
                        new Relay(
                                directory.resolve("a"),
                                db,
                                systems,
                                List.of(),
                                environment(ofReplica));
                var b = replica(db, systems)) {
            var both = List.of(a, b);
            load(both, BEFORE, answered);
            Files.writeString(clock, step);
            load(both, WRONG, answered);
            var apart = a.metrics("relay_clock_offset_seconds");
            Files.writeString(clock, RIGHT);
            load(both, AFTER, answered);
            double seconds = untilDelivered(db);
            check(whose + "'s clock " + step, answered, db);
            var key = whose + "_" + step;
            results.put("clocks", key + "_answered", answered.size());
            results.put("clocks", key + "_delivered_after_seconds", seconds);
            results.put("clocks", key + "_asked_again_after_503", askedAgain);
            Results.say(
                    "%s %s: %d answered, %d of them asked again, %s"
                            .formatted(whose, step, answered.size(), askedAgain, apart));
        } finally {
            Files.writeString(clock, RIGHT);
        }
    }

    /** The replica whose clock is right; it has the keys of the other. */
    private Relay replica(Postgres.Db db, List<String> systems)
            throws IOException, InterruptedException {
        var keyring = directory.resolve("a").resolve("keyring.json");
        return new Relay(
                directory.resolve("b"),
                db,
                systems,
                List.of(),
                Map.of("KEYRING_FILE", keyring.toString()));
    }

    private void load(List<Relay> relays, Duration duration, Map<String, String> answered)
            throws IOException, InterruptedException {
        long started = System.nanoTime();
        long calls = duration.toSeconds() * PER_SECOND;
        for (long n = 0; n < calls; n++) {
            long wait = started + n * TimeUnit.SECONDS.toNanos(1) / PER_SECOND - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            ask(relays, (int) n % 2, answered);
        }
    }

    /** As Meta does: who is told 503 asks again, and comes to the other replica. */
    private void ask(List<Relay> relays, int first, Map<String, String> answered)
            throws IOException, InterruptedException {
        var user = Load.newUser();
        var form = Load.form(user, Instant.now());
        for (int tries = 0; !answered.containsKey(user); tries++) {
            var reply =
                    client.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "http://127.0.0.1:"
                                                            + relays.get((first + tries) % 2).port()
                                                            + "/meta/"
                                                            + Relay.APP
                                                            + "/data-deletion"))
                                    .timeout(Duration.ofSeconds(60))
                                    .header("Content-Type", "application/x-www-form-urlencoded")
                                    .POST(HttpRequest.BodyPublishers.ofString(form))
                                    .build(),
                            BodyHandlers.ofString());
            if (reply.statusCode() == 200) {
                answered.put(
                        user, JSON.readTree(reply.body()).get("confirmation_code").textValue());
            } else if (reply.statusCode() == 503 && tries < MAX_TRIES) {
                askedAgain++;
                TimeUnit.MILLISECONDS.sleep(200);
            } else {
                throw new IllegalStateException(
                        "A callback was answered " + reply.statusCode() + ": " + reply.body());
            }
        }
    }

    private static double untilDelivered(Postgres.Db db) throws SQLException, InterruptedException {
        long started = System.nanoTime();
        while (db.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NULL") > 0) {
            if (System.nanoTime() - started > DELIVERED_WITHIN.toNanos()) {
                throw new IllegalStateException("Not everything was delivered in time");
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
        return (System.nanoTime() - started) / 1e9;
    }

    private static void check(String what, Map<String, String> answered, Postgres.Db db)
            throws SQLException {
        var kept =
                new HashSet<>(db.texts("SELECT encode(code_digest, 'hex') FROM deletion_request"));
        for (var code : answered.values()) {
            if (!kept.contains(HexFormat.of().formatHex(Digest.sha256(code.getBytes(UTF_8))))) {
                throw new IllegalStateException(what + ": a code that was answered is unknown");
            }
        }
        long erased =
                db.count("SELECT count(*) FROM deletion_request WHERE subject_sealed IS NULL");
        long wrong = db.count("SELECT count(*) FROM delivery WHERE outcome <> 'deleted'");
        if (erased + wrong > 0) {
            throw new IllegalStateException(
                    "%s: %d erased, %d not as they were answered".formatted(what, erased, wrong));
        }
    }

    private Path clock(String name) throws IOException {
        return Files.writeString(directory.resolve(name + ".clock").toAbsolutePath(), RIGHT);
    }

    private static Map<String, String> environment(Path clock) {
        var library =
                LIBRARIES.stream()
                        .filter(Files::exists)
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalStateException(
                                                "libfaketime is needed; there is none of "
                                                        + LIBRARIES));
        return Map.of(
                "LD_PRELOAD",
                library.toString(),
                "FAKETIME_TIMESTAMP_FILE",
                clock.toString(),
                "FAKETIME_CACHE_DURATION",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1");
    }
}
