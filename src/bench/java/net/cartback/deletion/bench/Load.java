package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.intake.SampleSignedRequest;
import net.cartback.deletion.registry.AppSecret;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.SocketFactory;

/** Sends prepared requests over kept connections, and takes the time of each. */
final class Load {

    private static final AppSecret SECRET = new AppSecret(new UUID(0, 0), null, Relay.SECRET, null);
    private static final AtomicLong USERS = new AtomicLong(10_000_000_000L);

    private Load() {}

    /** What came of it. */
    record Outcome(double perSecond, double p50Ms, double p99Ms) {}

    /** A user id that nobody had before. */
    static String newUser() {
        return Long.toString(USERS.incrementAndGet());
    }

    /** Signed callbacks, each of another person. */
    static byte[][] callbacks(int count) {
        return callbacks(Relay.APP, count);
    }

    /** Signed callbacks of this app. */
    static byte[][] callbacks(String app, int count) {
        var now = Instant.now();
        var requests = new byte[count][];
        for (int i = 0; i < count; i++) {
            requests[i] = callback(app, newUser(), now);
        }
        return requests;
    }

    static byte[] callback(String user, Instant issuedAt) {
        return callback(Relay.APP, user, issuedAt);
    }

    /** The body of a callback. */
    static String form(String user, Instant issuedAt) {
        return "signed_request="
                + URLEncoder.encode(SampleSignedRequest.of(user, issuedAt, SECRET), UTF_8);
    }

    private static byte[] callback(String app, String user, Instant issuedAt) {
        var body = form(user, issuedAt);
        return ("POST /meta/"
                        + app
                        + "/data-deletion HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                        + "application/x-www-form-urlencoded\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body)
                .getBytes(US_ASCII);
    }

    /** Sends all of them over so many connections, each as soon as its answer before has come. */
    static Outcome run(int port, int connections, byte[][] requests) throws InterruptedException {
        var next = new AtomicInteger();
        var nanos = new long[requests.length];
        long start = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Void> one =
                    () -> {
                        try (var connection = new Connection(port)) {
                            for (int i = next.getAndIncrement();
                                    i < requests.length;
                                    i = next.getAndIncrement()) {
                                long sent = System.nanoTime();
                                connection.exchange(requests[i]);
                                nanos[i] = System.nanoTime() - sent;
                            }
                        }
                        return null;
                    };
            for (var done : threads.invokeAll(java.util.Collections.nCopies(connections, one))) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        return outcome(nanos, (System.nanoTime() - start) / 1e9);
    }

    static Outcome outcome(long[] nanos, double seconds) {
        var sorted = nanos.clone();
        Arrays.sort(sorted);
        return new Outcome(
                nanos.length / seconds,
                sorted[sorted.length / 2] / 1e6,
                sorted[(int) (sorted.length * 0.99)] / 1e6);
    }

    static double median(List<Double> values) {
        var sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    /** One kept HTTP/1.1 connection. */
    static final class Connection implements AutoCloseable {

        private final Socket socket;
        private final InputStream in;
        private final byte[] header = new byte[8192];

        Connection(int port) throws IOException {
            this(port, SocketFactory.getDefault());
        }

        /** With TLS, if the sockets have it. */
        Connection(int port, SocketFactory sockets) throws IOException {
            socket = sockets.createSocket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            in = new BufferedInputStream(socket.getInputStream(), 8192);
        }

        /** Sends one request and reads its answer, which must be a 200. */
        String exchange(byte[] request) throws IOException {
            socket.getOutputStream().write(request);
            int n = 0;
            while (true) {
                int b = in.read();
                if (b < 0) {
                    throw new IOException("The connection ended");
                }
                header[n++] = (byte) b;
                if (b == '\n' && n >= 4 && header[n - 2] == '\r' && header[n - 3] == '\n') {
                    break;
                }
            }
            var text = new String(header, 0, n, US_ASCII);
            int at = text.indexOf("Content-Length: ");
            int length = Integer.parseInt(text.substring(at + 16, text.indexOf('\r', at)));
            var body = new String(in.readNBytes(length), UTF_8);
            if (!text.startsWith("HTTP/1.1 200")) {
                throw new IOException("Answered " + text + body);
            }
            return body;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
