package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Digest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Pattern;

/**
 * Hours of ordinary life: 150 callbacks a second at two replicas, three client systems of which one
 * is flaky, and a database that takes no writes for a while. One replica lives through all of it;
 * the other is killed every five minutes of the first two thirds. Once a minute it tells what has
 * grown; at the end nothing may be lost, and no id of who was deleted ten minutes before may be in
 * the memory of a replica.
 *
 * <p>Runs only if it is named: {@code -Dbench.parts=soak:60}, in minutes.
 */
final class Soak {

    private static final int PER_SECOND = 150;
    private static final int KILL_EVERY_MINUTES = 5;
    private static final int VICTIM = 1;
    private static final Duration READ_ONLY = Duration.ofSeconds(20);
    private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);
    private static final Duration DRAIN = Duration.ofMinutes(10);
    private static final int IDS_LOOKED_FOR = 2_000;
    private static final Pattern ID = Pattern.compile("(?<![0-9])10[0-9]{9}(?![0-9])");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final Postgres.Db db;
    private final Postgres postgres;
    private final List<String> systems;
    private final AtomicReferenceArray<Relay> relays = new AtomicReferenceArray<>(2);
    private final HttpClient client = HttpClient.newHttpClient();

    /** The code of each wish, and when each user was asked for. */
    private final Map<String, String> codes = new ConcurrentHashMap<>();

    private final Map<String, Instant> asked = new ConcurrentHashMap<>();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();
    private Instant lastKill = Instant.now();
    private volatile boolean over;

    private Soak(Path directory, Postgres postgres, List<String> systems) throws SQLException {
        this.directory = directory;
        this.postgres = postgres;
        this.db = postgres.create("soak");
        this.systems = systems;
    }

    static void run(int minutes, Path directory, Postgres postgres, Results results)
            throws Exception {
        try (var one = new Receiver(Receiver.Manner.ANSWERS);
                var two = new Receiver(Receiver.Manner.ANSWERS);
                var flaky = new Receiver(Receiver.Manner.FLAKY)) {
            new Soak(
                            directory,
                            postgres,
                            List.of(
                                    Relay.system("one", one.url()),
                                    Relay.system("two", two.url()),
                                    Relay.system("flaky", flaky.url())))
                    .run(minutes, results);
        }
    }

    private void run(int minutes, Results results) throws Exception {
        start(0);
        start(1);
        var load = Thread.ofPlatform().start(this::load);
        try {
            for (int minute = 1; minute <= minutes; minute++) {
                TimeUnit.MINUTES.sleep(1);
                tell(minute, results);
                if (minute == minutes / 2) {
                    failOver();
                }
                if (minute % KILL_EVERY_MINUTES == 0 && minute <= minutes * 2 / 3) {
                    relays.get(VICTIM).kill();
                    start(VICTIM);
                    lastKill = Instant.now();
                }
            }
            // While the load goes on, as it would in earnest.
            for (int i = 0; i < relays.length(); i++) {
                results.put("soak", "ids_in_memory_" + i, idsInMemory(relays.get(i)));
            }
            over = true;
            load.join();
            drain();
            check(results);
        } finally {
            over = true;
            for (int i = 0; i < relays.length(); i++) {
                if (relays.get(i) != null) {
                    relays.get(i).close();
                }
            }
        }
    }

    private void start(int number) throws IOException, InterruptedException {
        relays.set(
                number,
                new Relay(directory.resolve("soak"), db, systems, List.of("-Xmx256m"), Map.of()));
    }

    private void load() {
        long started = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (long n = 0; !over; n++) {
                long due = started + n * TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
                long wait = due - System.nanoTime();
                if (wait > 0) {
                    TimeUnit.NANOSECONDS.sleep(wait);
                }
                int number = (int) (n % relays.length());
                var _ = threads.submit(() -> ask(number));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** As long as it gets no answer, the caller asks again, elsewhere; and now and then anyway. */
    private Void ask(int number) throws InterruptedException {
        var user = Load.newUser();
        asked.put(user, Instant.now());
        var body = Load.form(user, Instant.now());
        for (int i = number; !codes.containsKey(body); i++) {
            try {
                var reply =
                        client.send(
                                HttpRequest.newBuilder(
                                                URI.create(
                                                        "http://127.0.0.1:"
                                                                + relays.get(i % relays.length())
                                                                        .port()
                                                                + "/meta/"
                                                                + Relay.APP
                                                                + "/data-deletion"))
                                        .timeout(Duration.ofSeconds(60))
                                        .header("Content-Type", "application/x-www-form-urlencoded")
                                        .POST(HttpRequest.BodyPublishers.ofString(body))
                                        .build(),
                                BodyHandlers.ofString());
                if (reply.statusCode() == 200) {
                    codes.put(
                            body, JSON.readTree(reply.body()).get("confirmation_code").textValue());
                } else if (reply.statusCode() == 503) {
                    refused.incrementAndGet();
                } else {
                    wrong.incrementAndGet();
                }
            } catch (IOException e) {
                refused.incrementAndGet();
            }
            if (!codes.containsKey(body)) {
                TimeUnit.MILLISECONDS.sleep(500);
            }
        }
        return null;
    }

    /** As a failover looks from here: connections end, and for a while nothing can be written. */
    private void failOver() throws SQLException, InterruptedException {
        postgres.execute("ALTER DATABASE soak SET default_transaction_read_only = on");
        endConnections();
        Thread.sleep(READ_ONLY);
        postgres.execute("ALTER DATABASE soak RESET default_transaction_read_only");
        Results.say("the database takes writes again");
    }

    private void endConnections() throws SQLException {
        postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'soak' AND"
                        + " pid <> pg_backend_pid()");
    }

    private void tell(int minute, Results results) throws IOException, SQLException {
        var line = new StringBuilder("minute " + minute + ":");
        for (int i = 0; i < relays.length(); i++) {
            long pid = relays.get(i).pid();
            double resident = Cpu.residentMib(pid);
            line.append(
                    " relay %d %.0f MiB, %d threads, %d files;"
                            .formatted(i, resident, Cpu.threads(pid), Cpu.files(pid)));
            results.put("soak", "resident_mib_" + i + "_minute_" + minute, resident);
        }
        var reader =
                db.texts(
                        """
                        SELECT format('open %s, delivery %s MB, its queues %s MB, requests %s MB',
                               (SELECT count(*) FROM deletion_request WHERE closed_at IS NULL),
                               pg_total_relation_size('delivery') / 1000000,
                               (pg_relation_size('delivery_fresh')
                                + pg_relation_size('delivery_retry')
                                + pg_relation_size('delivery_in_flight')) / 1000000,
                               pg_total_relation_size('deletion_request') / 1000000)
                        """);
        Results.say(line + " " + reader.getFirst() + "; asked " + asked.size());
    }

    /**
     * How many of those who were deleted ten minutes ago and more, since both replicas live, are
     * named in its memory.
     */
    private double idsInMemory(Relay relay) throws IOException, SQLException {
        var before = Instant.now().minus(FORGOTTEN_AFTER);
        var old = new HashSet<String>();
        for (var each : asked.entrySet()) {
            if (each.getValue().isBefore(before)
                    && each.getValue().isAfter(lastKill)
                    && old.size() < IDS_LOOKED_FOR) {
                old.add(each.getKey());
            }
        }
        var found = new HashSet<String>();
        try (var memory = new RandomAccessFile("/proc/" + relay.pid() + "/mem", "r")) {
            for (var line : Files.readAllLines(Path.of("/proc/" + relay.pid() + "/maps"))) {
                if (line.contains(" rw-p ")) {
                    look(memory, line, old, found);
                }
            }
        }
        Results.say(
                found.size() + " of " + old.size() + " ids are in the memory of " + relay.pid());
        return found.size();
    }

    private static void look(
            RandomAccessFile memory, String line, Set<String> old, Set<String> found) {
        var range = line.substring(0, line.indexOf(' ')).split("-", -1);
        long from = HexFormat.fromHexDigitsToLong(range[0]);
        long to = HexFormat.fromHexDigitsToLong(range[1]);
        var piece = new byte[1 << 20];
        for (long at = from; at < to; at += piece.length - 32) {
            try {
                memory.seek(at);
                int read = memory.read(piece, 0, (int) Math.min(piece.length, to - at));
                var ids = ID.matcher(new String(piece, 0, Math.max(read, 0), ISO_8859_1));
                while (ids.find()) {
                    if (old.contains(ids.group())) {
                        found.add(ids.group());
                    }
                }
            } catch (IOException e) {
                // A page that is not there.
            }
        }
    }

    private void drain() throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (db.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NULL") > 0
                && System.nanoTime() < deadline) {
            TimeUnit.SECONDS.sleep(2);
        }
    }

    private void check(Results results) throws SQLException {
        var kept =
                new HashSet<>(db.texts("SELECT encode(code_digest, 'hex') FROM deletion_request"));
        var lost = new ArrayList<String>();
        for (var code : codes.values()) {
            if (!kept.contains(HexFormat.of().formatHex(Digest.sha256(code.getBytes(UTF_8))))) {
                lost.add(code);
            }
        }
        results.put("soak", "asked", asked.size());
        results.put("soak", "answered", codes.size());
        results.put("soak", "asked_again_after_503", refused.get());
        results.put("soak", "answers_other_than_200_and_503", wrong.get());
        results.put("soak", "lost_codes", lost.size());
        results.put("soak", "requests", (double) db.count("SELECT count(*) FROM deletion_request"));
        results.put(
                "soak",
                "open_at_the_end",
                (double) db.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NULL"));
        results.put(
                "soak",
                "parked",
                (double) db.count("SELECT count(*) FROM delivery WHERE state = 'parked'"));
        results.put(
                "soak", "contradictions", (double) db.count("SELECT count(*) FROM contradiction"));
    }
}
