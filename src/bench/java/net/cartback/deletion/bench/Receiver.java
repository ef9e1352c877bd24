package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A client system that costs as little as possible: what is measured is the relay. */
final class Receiver implements AutoCloseable {

    /** How it behaves. */
    enum Manner {
        ANSWERS,
        AFTER_5_SECONDS,
        HANGS,
        SAYS_503,
        FLAKY,
        TRICKLES
    }

    private static final byte[] DELETED =
            "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"outcome\":\"deleted\"}"
                    .getBytes(US_ASCII);
    private static final byte[] UNAVAILABLE =
            "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII);
    private static final byte[] A_SECOND =
            "HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII);
    private static final int MAX_HEADER = 8192;

    private final ServerSocket socket = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong received = new AtomicLong();
    private final Manner manner;
    private final Random dice = new Random(20261125);

    /** When each subject's deletion arrived, in nanoTime, if that is wanted. */
    private final Map<String, Long> arrivals = new ConcurrentHashMap<>();

    private volatile boolean watching;

    Receiver(Manner manner) throws IOException {
        this.manner = manner;
        Thread.ofPlatform().daemon().start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + socket.getLocalPort() + "/";
    }

    long received() {
        return received.get();
    }

    /** Remembers from now on when each subject arrived. */
    Map<String, Long> watch() {
        arrivals.clear();
        watching = true;
        return arrivals;
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                var connection = socket.accept();
                connection.setTcpNoDelay(true);
                open.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection;
                var in = new BufferedInputStream(connection.getInputStream(), MAX_HEADER)) {
            var header = new byte[MAX_HEADER];
            while (true) {
                int length = bodyLength(in, header);
                if (length < 0) {
                    return;
                }
                var body = in.readNBytes(length);
                received.incrementAndGet();
                if (watching) {
                    arrivals.putIfAbsent(subject(body), System.nanoTime());
                }
                answer(connection);
            }
        } catch (IOException | InterruptedException e) {
            // The relay has gone or the part is over.
        } finally {
            open.remove(connection);
        }
    }

    private void answer(Socket connection) throws IOException, InterruptedException {
        var out = connection.getOutputStream();
        switch (manner) {
            case ANSWERS -> out.write(DELETED);
            case AFTER_5_SECONDS -> {
                TimeUnit.SECONDS.sleep(5);
                out.write(DELETED);
            }
            case HANGS -> TimeUnit.MINUTES.sleep(10);
            case SAYS_503 -> out.write(UNAVAILABLE);
            case FLAKY -> flaky(connection);
            case TRICKLES -> {
                for (byte each : DELETED) {
                    out.write(each);
                    out.flush();
                    TimeUnit.SECONDS.sleep(1);
                }
            }
        }
        out.flush();
    }

    /** Mostly well: one in a hundred asks for a second, three in a hundred fail or break off. */
    private void flaky(Socket connection) throws IOException {
        switch (dice.nextInt(100)) {
            case 0 -> connection.getOutputStream().write(A_SECOND);
            case 1, 2 -> connection.getOutputStream().write(UNAVAILABLE);
            case 3 -> connection.close();
            default -> connection.getOutputStream().write(DELETED);
        }
    }

    /** Reads a request's header; -1 at the end of the connection. */
    private static int bodyLength(InputStream in, byte[] header) throws IOException {
        int n = 0;
        while (n < header.length) {
            int b = in.read();
            if (b < 0) {
                return -1;
            }
            header[n++] = (byte) b;
            if (b == '\n' && n >= 4 && header[n - 2] == '\r' && header[n - 3] == '\n') {
                return contentLength(new String(header, 0, n, US_ASCII));
            }
        }
        throw new IOException("A header too long");
    }

    private static int contentLength(String header) {
        int at = header.indexOf("Content-Length: ");
        int end = header.indexOf('\r', at);
        return at < 0 ? 0 : Integer.parseInt(header.substring(at + 16, end));
    }

    private static String subject(byte[] body) {
        var text = new String(body, US_ASCII);
        int at = text.indexOf("\"subject\":{\"id\":\"") + 17;
        return text.substring(at, text.indexOf('"', at));
    }

    @Override
    public void close() throws IOException {
        socket.close();
        for (var each : open) {
            each.close();
        }
    }
}
