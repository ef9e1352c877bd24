package net.cartback.deletion.bench;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * From the answer to a callback to the arrival of its delivery, seen from outside: at 10 callbacks
 * a second, and at half of what the relay can take in and deliver at once.
 */
final class Latency {

    private static final int WARM = 60_000;
    private static final int ROUNDS = 3;
    private static final int IDLE_CALLBACKS = 100;
    private static final int MAXIMUM_CALLBACKS = 20_000;
    private static final int CONNECTIONS = 64;
    private static final int HALF_LOAD_SECONDS = 8;

    private Latency() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("latency");
        try (var receiver = new Receiver(Receiver.Manner.ANSWERS);
                var relay =
                        new Relay(
                                directory,
                                db,
                                List.of(Relay.system("one", receiver.url())),
                                List.of(),
                                Map.of())) {
            bothWays(relay, receiver, WARM);
            var idle = new ArrayList<Double>();
            var half = new ArrayList<Double>();
            for (int round = 0; round < ROUNDS; round++) {
                double maximum = bothWays(relay, receiver, MAXIMUM_CALLBACKS);
                var quiet = paced(relay, receiver, 10, IDLE_CALLBACKS);
                var busy =
                        paced(
                                relay,
                                receiver,
                                maximum / 2,
                                (int) (maximum / 2 * HALF_LOAD_SECONDS));
                Results.say(
                        "maximum %.0f/s; at 10/s p50 %.1f ms, p99 %.1f ms; at half p50 %.1f ms, p99 %.1f ms"
                                .formatted(
                                        maximum,
                                        quiet.p50Ms(),
                                        quiet.p99Ms(),
                                        busy.p50Ms(),
                                        busy.p99Ms()));
                idle.add(quiet.p50Ms());
                half.add(busy.p99Ms());
            }
            results.put("latency", "idle_p50_ms", Load.median(idle));
            results.put("latency", "half_load_p99_ms", Load.median(half));
        }
    }

    /** Callbacks a second that are taken in and delivered. */
    private static double bothWays(Relay relay, Receiver receiver, int callbacks)
            throws InterruptedException {
        long expected = receiver.received() + callbacks;
        var requests = Load.callbacks(callbacks);
        long start = System.nanoTime();
        Load.run(relay.port(), CONNECTIONS, requests);
        while (receiver.received() < expected) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
        return callbacks / ((System.nanoTime() - start) / 1e9);
    }

    /** Sends so many a second, whatever becomes of those before (an open loop). */
    private static Load.Outcome paced(
            Relay relay, Receiver receiver, double perSecond, int callbacks) throws Exception {
        var arrivals = receiver.watch();
        var answered = new ConcurrentHashMap<String, Long>();
        var users = new String[callbacks];
        var requests = new byte[callbacks][];
        for (int i = 0; i < callbacks; i++) {
            users[i] = Load.newUser();
            requests[i] = Load.callback(users[i], Instant.now());
        }
        var next = new AtomicInteger();
        long start = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new ArrayList<java.util.concurrent.Future<?>>();
            for (int c = 0; c < CONNECTIONS; c++) {
                all.add(
                        threads.submit(
                                () -> {
                                    try (var connection = new Load.Connection(relay.port())) {
                                        for (int i = next.getAndIncrement();
                                                i < callbacks;
                                                i = next.getAndIncrement()) {
                                            waitUntil(start + (long) (i * 1e9 / perSecond));
                                            connection.exchange(requests[i]);
                                            answered.put(users[i], System.nanoTime());
                                        }
                                    }
                                    return null;
                                }));
            }
            for (var each : all) {
                each.get();
            }
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (arrivals.size() < callbacks) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Not everything has arrived");
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        var nanos = new long[callbacks];
        for (int i = 0; i < callbacks; i++) {
            // One that arrives before its caller has read the answer has taken no time.
            nanos[i] =
                    Math.max(
                            0,
                            Objects.requireNonNull(arrivals.get(users[i]))
                                    - Objects.requireNonNull(answered.get(users[i])));
        }
        return Load.outcome(nanos, (System.nanoTime() - start) / 1e9);
    }

    private static void waitUntil(long nanos) {
        for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
