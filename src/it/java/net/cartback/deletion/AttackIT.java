package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Somebody at one address does what he can; Meta, at another one, is served as ever. */
class AttackIT {

    private static final String ATTACKER = "127.0.0.2";
    private static final int CALLBACKS = 300;
    private static final int MAX_OF_ONE_ADDRESS = 256;
    private static final Duration HEADER_LIMIT = Duration.ofSeconds(10);
    private static final String HEAD =
            "POST /meta/"
                    + TestRelay.APP_ID
                    + "/data-deletion HTTP/1.1\r\nHost: x\r\nContent-Type:"
                    + " application/x-www-form-urlencoded\r\n";

    private static final String LAST_REQUEST =
            """
            GET /status HTTP/1.1
            Host: x
            Connection: close

            """;

    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger attacks = new AtomicInteger();
    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(202, "");
        relay.register(crm);
    }

    @AfterEach
    void stop() {
        over.set(true);
        crm.close();
        relay.close();
    }

    @Test
    void who_sends_slow_headers_keeps_no_callback_from_its_answer() throws Exception {
        withAttackers(400, this::trickleHeader);
    }

    @Test
    void who_sends_slow_bodies_keeps_no_callback_from_its_answer() throws Exception {
        withAttackers(400, this::trickleBody);
    }

    @Test
    void who_holds_many_connections_keeps_no_callback_from_its_answer() throws Exception {
        withAttackers(2_000, this::holdConnection);
    }

    @Test
    void who_sends_too_much_keeps_no_callback_from_its_answer() throws Exception {
        withAttackers(8, this::sendTooMuch);
    }

    @Test
    void a_header_that_never_ends_is_cut_off_although_each_byte_is_in_time() throws Exception {
        long start = System.nanoTime();
        try (var socket = connect(InetAddress.getLoopbackAddress().getHostAddress())) {
            // The second request of a connection is no safer than the first.
            socket.getOutputStream().write(ascii("GET /status HTTP/1.1\r\nHost: x\r\n\r\n"));
            await().until(() -> socket.getInputStream().available() > 0);
            socket.getOutputStream().write(ascii("GET / HTTP/1.1\r\n"));
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> isCutOff(socket));
        }
        // A busy machine may be late with it, but never early.
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isGreaterThan(HEADER_LIMIT.minusSeconds(1));
    }

    @Test
    void one_address_has_so_many_connections_and_no_more_and_gets_them_back() throws Exception {
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < MAX_OF_ONE_ADDRESS + 40; i++) {
                sockets.add(connect(ATTACKER));
            }
            await().atMost(Duration.ofMinutes(2))
                    .until(
                            () ->
                                    sockets.stream().filter(AttackIT::isOpen).count()
                                            <= MAX_OF_ONE_ADDRESS);
            assertThat(sockets.stream().filter(AttackIT::isOpen)).hasSize(MAX_OF_ONE_ADDRESS);
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
        await().atMost(Duration.ofMinutes(2))
                .until(
                        () -> {
                            try (var socket = connect(ATTACKER)) {
                                socket.getOutputStream()
                                        .write(ascii(LAST_REQUEST.replace("\n", "\r\n")));
                                return new String(
                                                socket.getInputStream().readAllBytes(),
                                                StandardCharsets.UTF_8)
                                        .startsWith("HTTP/1.1 200");
                            } catch (IOException e) {
                                return false;
                            }
                        });
    }

    private interface Attack {
        void once() throws IOException, InterruptedException;
    }

    /** Every callback is answered while the attack goes on; how fast is a benchmark's question. */
    private void withAttackers(int attackers, Attack attack) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            launch(threads, attackers, attack);
            await().atMost(Duration.ofMinutes(2))
                    .until(() -> attacks.get() >= Math.min(attackers, 100));
            callbacks(CALLBACKS);
            over.set(true);
        }
    }

    private void launch(ExecutorService threads, int attackers, Attack attack) {
        for (int i = 0; i < attackers; i++) {
            var _ =
                    threads.submit(
                            () -> {
                                while (!over.get()) {
                                    try {
                                        attack.once();
                                    } catch (IOException e) {
                                        // Cut off: he tries again.
                                        TimeUnit.MILLISECONDS.sleep(50);
                                    }
                                }
                                return null;
                            });
        }
    }

    private void trickleHeader() throws IOException, InterruptedException {
        try (var socket = connect(ATTACKER)) {
            socket.getOutputStream().write(ascii(HEAD));
            trickle(socket);
        }
    }

    private void trickleBody() throws IOException, InterruptedException {
        try (var socket = connect(ATTACKER)) {
            socket.getOutputStream().write(ascii(HEAD + "Content-Length: 10000\r\n\r\n"));
            trickle(socket);
        }
    }

    private void trickle(Socket socket) throws IOException, InterruptedException {
        attacks.incrementAndGet();
        while (!over.get()) {
            socket.getOutputStream().write('x');
            TimeUnit.MILLISECONDS.sleep(300);
        }
    }

    private void holdConnection() throws IOException, InterruptedException {
        try (var socket = connect(ATTACKER)) {
            attacks.incrementAndGet();
            while (!over.get() && isOpen(socket)) {
                TimeUnit.MILLISECONDS.sleep(300);
            }
        }
    }

    private void sendTooMuch() throws IOException {
        try (var socket = connect(ATTACKER)) {
            attacks.incrementAndGet();
            socket.getOutputStream().write(ascii(HEAD + "Content-Length: 1000000000\r\n\r\n"));
            var piece = new byte[64 * 1024];
            while (!over.get()) {
                socket.getOutputStream().write(piece);
            }
        }
    }

    /** Sends so many callbacks, one after the other; each is answered 200. */
    private void callbacks(int count) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            for (int i = 0; i < count; i++) {
                var request =
                        HttpRequest.newBuilder(
                                        relay.callbackRequest(
                                                TestRelay.APP_ID,
                                                relay.signedRequest("attacked" + i)),
                                        (name, value) -> true)
                                .timeout(Duration.ofMinutes(1))
                                .build();
                assertThat(client.send(request, BodyHandlers.ofString()).statusCode())
                        .isEqualTo(200);
            }
        }
    }

    private Socket connect(String from) throws IOException {
        return new Socket(
                InetAddress.getLoopbackAddress(),
                relay.uri("/").getPort(),
                InetAddress.getByName(from),
                0);
    }

    private static boolean isCutOff(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Whether the other side has not closed it: a look that takes a moment. */
    private static boolean isOpen(Socket socket) {
        try {
            socket.setSoTimeout(1);
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
