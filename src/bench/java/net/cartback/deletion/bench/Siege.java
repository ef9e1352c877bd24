package net.cartback.deletion.bench;

import net.cartback.deletion.fixtures.Attackers;
import net.cartback.deletion.fixtures.Attackers.Manner;

import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import javax.net.SocketFactory;

/**
 * Hours of siege: at each moment hundreds from hundreds of addresses do what they can to a relay
 * that speaks HTTP and to one that speaks TLS, and begin anew when they are cut off. Meta goes on
 * meanwhile, from another address: ten callbacks a second at each relay, every other one over a
 * connection of its own. Told are its p99 in each minute and in all, how often the attackers
 * connected, and what it cost in memory, threads and files; at the end, that all of it comes back.
 *
 * <p>Runs only if it is named: {@code -Dbench.parts=siege:60}, in minutes.
 */
final class Siege {

    private static final int WARM = 20_000;
    private static final int HANDSHAKES = 3_000;
    private static final int CALM_SECONDS = 60;
    private static final int PER_SECOND = 10;
    private static final int ADDRESSES = 300;
    private static final List<Manner> PLAIN =
            List.of(
                    Manner.SLOW_HEADERS,
                    Manner.SLOW_BODIES,
                    Manner.SLOW_READERS,
                    Manner.PIPELINED,
                    Manner.HALF_CLOSED);
    private static final int ATTACKERS_OF_A_MANNER = 100;
    private static final int STOPPED_HANDSHAKES = 300;
    private static final long PATIENCE_SECONDS = 120;

    /** One relay under siege, and how long its callbacks took, in nanoseconds. */
    private static final class Besieged {
        private final String name;
        private final Relay relay;
        private final SocketFactory sockets;
        private final ConcurrentLinkedQueue<Long> minute = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Long> all = new ConcurrentLinkedQueue<>();
        private final AtomicInteger failed = new AtomicInteger();

        Besieged(String name, Relay relay, SocketFactory sockets) {
            this.name = name;
            this.relay = relay;
            this.sockets = sockets;
        }
    }

    private final List<Besieged> besieged;
    private volatile boolean over;

    private Siege(List<Besieged> besieged) {
        this.besieged = besieged;
    }

    static void run(int minutes, Path directory, Postgres postgres, Results results)
            throws Exception {
        var certificate =
                new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
        var certificateFile = directory.resolve("siege.crt").toAbsolutePath();
        var keyFile = directory.resolve("siege.key").toAbsolutePath();
        Files.writeString(certificateFile, certificate.certificatePem());
        Files.writeString(keyFile, certificate.privateKeyPkcs8Pem());
        var trusted =
                new HandshakeCertificates.Builder()
                        .addTrustedCertificate(certificate.certificate())
                        .build()
                        .sslSocketFactory();
        var jvm = List.of("-Xmx256m");
        try (var receiver = new Receiver(Receiver.Manner.ANSWERS)) {
            var systems = List.of(Relay.system("one", receiver.url()));
            try (var plain =
                            new Relay(
                                    directory.resolve("siege"),
                                    postgres.create("siege_plain"),
                                    systems,
                                    jvm,
                                    Map.of());
                    var tls =
                            new Relay(
                                    directory.resolve("siege"),
                                    postgres.create("siege_tls"),
                                    systems,
                                    jvm,
                                    Map.of(
                                            "TLS_CERTIFICATE", certificateFile.toString(),
                                            "TLS_PRIVATE_KEY", keyFile.toString()))) {
                new Siege(
                                List.of(
                                        new Besieged("plain", plain, SocketFactory.getDefault()),
                                        new Besieged("tls", tls, trusted)))
                        .run(minutes, results);
            }
        }
    }

    private void run(int minutes, Results results) throws Exception {
        var _ = Load.run(besieged.getFirst().relay.port(), 32, Load.callbacks(WARM));
        warmHandshakes(besieged.getLast());
        var callers = new ArrayList<Thread>();
        for (var each : besieged) {
            callers.add(Thread.ofPlatform().start(() -> call(each)));
        }
        try {
            TimeUnit.SECONDS.sleep(CALM_SECONDS);
            tell("calm", 0, results);
            besieged.forEach(each -> each.all.clear());
            besiege(minutes, results);
            for (var each : besieged) {
                results.put("siege", each.name + "_p99_ms", p99(each.all));
                results.put("siege", each.name + "_failed_callbacks", each.failed.get());
                each.minute.clear();
            }
            awaitCalm(results);
            TimeUnit.SECONDS.sleep(CALM_SECONDS);
            tell("calm again", 0, results);
        } finally {
            over = true;
            for (var each : callers) {
                each.join();
            }
        }
    }

    /** TLS is warm when handshakes are. */
    private static void warmHandshakes(Besieged target) throws IOException {
        for (int i = 0; i < HANDSHAKES; i++) {
            try (var connection = new Load.Connection(target.relay.port(), target.sockets)) {
                connection.exchange(Load.callback(Load.newUser(), Instant.now()));
            }
        }
    }

    private void besiege(int minutes, Results results) throws Exception {
        var attackers = new ArrayList<Attackers>();
        try {
            for (var manner : PLAIN) {
                attackers.add(
                        new Attackers(
                                besieged.getFirst().relay.port(),
                                manner,
                                ATTACKERS_OF_A_MANNER,
                                ADDRESSES));
            }
            attackers.add(
                    new Attackers(
                            besieged.getLast().relay.port(),
                            Manner.STOPPED_HANDSHAKES,
                            STOPPED_HANDSHAKES,
                            ADDRESSES));
            for (int minute = 1; minute <= minutes; minute++) {
                TimeUnit.MINUTES.sleep(1);
                tell(
                        "minute " + minute,
                        attackers.stream().mapToInt(Attackers::tries).sum(),
                        results);
            }
        } finally {
            results.put(
                    "siege",
                    "hostile_connections",
                    attackers.stream().mapToInt(Attackers::tries).sum());
            attackers.forEach(Attackers::close);
        }
    }

    private void tell(String when, int tries, Results results) throws IOException {
        var line = new StringBuilder(when + ": " + tries + " hostile connections;");
        for (var each : besieged) {
            double p99 = p99(each.minute);
            double resident = Cpu.residentMib(each.relay.pid());
            line.append(
                    " %s p99 %.1f ms of %d, longest %.0f, failed %d, %.0f MiB, %s threads, %d files;"
                            .formatted(
                                    each.name,
                                    p99,
                                    each.minute.size(),
                                    each.minute.stream().mapToLong(Long::longValue).max().orElse(0)
                                            / 1e6,
                                    each.failed.get(),
                                    resident,
                                    Cpu.threads(each.relay.pid()),
                                    Cpu.files(each.relay.pid())));
            var key = each.name + "_" + when.replace(' ', '_');
            results.put("siege", key + "_p99_ms", p99);
            results.put("siege", key + "_resident_mib", resident);
            each.minute.clear();
        }
        Results.say(line.toString());
    }

    /** The relays have let go of all who came. */
    private void awaitCalm(Results results) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        for (var each : besieged) {
            while (established(each.relay.port()) > 2) {
                if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                    throw new IllegalStateException(
                            established(each.relay.port())
                                    + " connections are still open at "
                                    + each.name);
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        results.put("siege", "seconds_until_all_were_gone", (System.nanoTime() - begin) / 1e9);
    }

    /** Meta's part: at a steady pace, over a kept connection and over new ones in turn. */
    private void call(Besieged target) {
        long start = System.nanoTime();
        Load.Connection kept = null;
        try {
            for (long n = 0; !over; n++) {
                long due = start + n * TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
                for (long left = due - System.nanoTime();
                        left > 0;
                        left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                var request = Load.callback(Load.newUser(), Instant.now());
                // From when it was due: who waits for the one before has waited too.
                try {
                    if (n % 2 == 0) {
                        if (kept == null) {
                            kept = new Load.Connection(target.relay.port(), target.sockets);
                        }
                        kept.exchange(request);
                    } else {
                        try (var own = new Load.Connection(target.relay.port(), target.sockets)) {
                            own.exchange(request);
                        }
                    }
                } catch (IOException e) {
                    target.failed.incrementAndGet();
                    Results.say(target.name + ": " + e.getMessage());
                    if (n % 2 == 0 && kept != null) {
                        kept.close();
                        kept = null;
                    }
                }
                long took = System.nanoTime() - due;
                target.minute.add(took);
                target.all.add(took);
            }
            if (kept != null) {
                kept.close();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static double p99(Iterable<Long> nanos) {
        var sorted = new ArrayList<Long>();
        nanos.forEach(sorted::add);
        sorted.sort(null);
        return sorted.isEmpty() ? Double.NaN : sorted.get((int) (sorted.size() * 0.99)) / 1e6;
    }

    private static long established(int port) throws IOException {
        long count = 0;
        for (var table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            for (var line : Files.readAllLines(Path.of(table))) {
                var words = line.strip().split(" +", -1);
                if (words.length > 3
                        && words[1].endsWith(":%04X".formatted(port))
                        && words[3].equals("01")) {
                    count++;
                }
            }
        }
        return count;
    }
}
