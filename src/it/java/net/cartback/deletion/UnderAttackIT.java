package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.Attackers;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.listener.IdleLimits;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;

/** Somebody at one address does what he can; Meta, at another one, is served as ever. */
class UnderAttackIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int CALLBACKS = 100;
    private static final int MAX_OF_ONE_ADDRESS = 256;
    private static final int MAX_UNREAD = 256;
    private static final Duration HEADER_LIMIT = Duration.ofSeconds(10);
    private static final String LAST_REQUEST =
            """
            GET /status HTTP/1.1
            Host: x
            Connection: close

            """;

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
        crm.close();
        relay.close();
    }

    @Test
    void who_sends_slow_headers_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.SLOW_HEADERS);
    }

    @Test
    void who_sends_slow_bodies_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.SLOW_BODIES);
    }

    @Test
    void who_holds_many_connections_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.MANY_CONNECTIONS);
    }

    @Test
    void who_sends_too_much_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.OVERSIZED_BODIES);
    }

    @Test
    void who_reads_slowly_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.SLOW_READERS);
    }

    @Test
    void who_asks_for_ever_and_never_reads_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.PIPELINED);
    }

    @Test
    void who_closes_half_of_a_connection_keeps_no_callback_from_its_answer() throws Exception {
        whileAttackedBy(Attackers.Manner.HALF_CLOSED);
    }

    @Test
    void of_many_who_read_slowly_from_many_addresses_most_are_cut_off() throws Exception {
        try (var attackers = new Attackers(port(), Attackers.Manner.SLOW_READERS)) {
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    attackers.tries() >= 2_000
                                            && established(port(), "") < MAX_UNREAD + 100);
        }
    }

    @Test
    void who_takes_all_connections_from_many_addresses_keeps_no_callback_from_its_answer()
            throws Exception {
        try (var attackers = new Attackers(port(), Attackers.Manner.MANY_CONNECTIONS, 4_300, 17)) {
            await().atMost(PATIENCE).until(() -> attackers.tries() >= 4_300);
            callbacks(CALLBACKS);
        }
    }

    @Test
    void an_answer_that_is_read_too_slowly_ends() throws Exception {
        try (var socket = new Socket()) {
            socket.setReceiveBufferSize(2_304);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()));
            socket.getOutputStream()
                    .write(ascii("GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n".repeat(40)));
            // Slower than an answer may be read, and fast enough to be no idle connection.
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .until(
                            () -> {
                                socket.getInputStream().readNBytes(400);
                                return established(port(), ":%04X".formatted(socket.getLocalPort()))
                                        == 0;
                            });
        }
    }

    /** What the kernel says of the relay's ends: how many are open, to another end like this. */
    private static long established(int port, String other) throws IOException {
        var lines = new ArrayList<String>();
        for (var table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            lines.addAll(Files.readAllLines(Path.of(table)));
        }
        return lines.stream()
                .map(line -> line.strip().split(" +"))
                .filter(words -> words.length > 3 && words[1].endsWith(":%04X".formatted(port)))
                .filter(words -> words[2].endsWith(other))
                .filter(words -> words[3].equals("01"))
                .count();
    }

    @Test
    void a_header_that_never_ends_is_cut_off_although_each_byte_is_in_time() throws Exception {
        long start = System.nanoTime();
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            // The second request of a connection is no safer than the first.
            socket.getOutputStream().write(ascii("GET /status HTTP/1.1\r\nHost: x\r\n\r\n"));
            await().atMost(PATIENCE).until(() -> socket.getInputStream().available() > 0);
            socket.getOutputStream().write(ascii("GET / HTTP/1.1\r\n"));
            await().atMost(PATIENCE)
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
                sockets.add(Attackers.connect(port()));
            }
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    sockets.stream().filter(Attackers::isOpen).count()
                                            <= MAX_OF_ONE_ADDRESS);
            assertThat(sockets.stream().filter(Attackers::isOpen)).hasSize(MAX_OF_ONE_ADDRESS);
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
        await().atMost(PATIENCE)
                .until(
                        () -> {
                            try (var socket = Attackers.connect(port())) {
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

    /** Every callback is answered while the attack goes on; how fast is a benchmark's question. */
    private void whileAttackedBy(Attackers.Manner manner) throws Exception {
        try (var attackers = new Attackers(port(), manner)) {
            await().atMost(PATIENCE).until(attackers::areThere);
            callbacks(CALLBACKS);
        }
    }

    /** Sends so many callbacks, one after the other; each is answered 200. */
    private void callbacks(int count) throws Exception {
        try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            for (int i = 0; i < count; i++) {
                var request =
                        HttpRequest.newBuilder(
                                        relay.callbackRequest(
                                                TestRelay.APP_ID,
                                                relay.signedRequest("attacked" + i)),
                                        (name, value) -> true)
                                .timeout(Duration.ofMinutes(1))
                                // A kept one may end while it waits on a busy machine.
                                .header("Connection", "close")
                                .build();
                assertThat(status(client, request)).isEqualTo(200);
            }
        }
    }

    /**
     * Who is cut off asks again, as Meta does: a busy machine may leave a connection quiet. Nobody
     * is cut off before that has lasted too long.
     */
    private static int status(HttpClient client, HttpRequest request) throws Exception {
        var end = Instant.now().plus(PATIENCE);
        while (true) {
            long began = System.nanoTime();
            try {
                return client.send(request, BodyHandlers.ofString()).statusCode();
            } catch (IOException e) {
                var lasted = Duration.ofNanos(System.nanoTime() - began);
                if (lasted.compareTo(IdleLimits.USUAL.ofOthers()) < 0
                        || Instant.now().isAfter(end)) {
                    throw e;
                }
            }
        }
    }

    private int port() {
        return relay.uri("/").getPort();
    }

    private static boolean isCutOff(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
