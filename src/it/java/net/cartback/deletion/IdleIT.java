package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.listener.IdleLimits;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;

/** How long connections are kept, and whose. */
class IdleIT {

    private static final InetAddress PROXY = InetAddress.ofLiteral("127.0.0.2");
    private static final InetAddress OTHER = InetAddress.ofLiteral("127.0.0.3");

    @Test
    void a_proxys_idle_connection_outlives_those_of_others() throws IOException {
        var limits = new IdleLimits(Duration.ofSeconds(1), Duration.ofMinutes(5));
        try (var listener =
                        HttpListener.start(
                                "127.0.0.1",
                                0,
                                () -> true,
                                PROXY::equals,
                                null,
                                limits,
                                List.of(routes -> routes.get("/", ctx -> ctx.result("x"))));
                var proxy = connect(listener, PROXY)) {
            ask(proxy);
            // Younger, and yet closed first. On a busy machine it may be too late to ask.
            await().atMost(Duration.ofMinutes(2)).until(() -> isClosedAfterItsAnswer(listener));
            ask(proxy);
        }
    }

    private static boolean isClosedAfterItsAnswer(HttpListener listener) throws IOException {
        try (var other = connect(listener, OTHER)) {
            ask(other);
            return other.getInputStream().read() == -1;
        } catch (AssertionError | SocketException e) {
            return false;
        }
    }

    @Test
    void a_proxys_limit_is_longer_than_a_usual_proxys_own() {
        assertThat(IdleLimits.USUAL.ofProxies()).isEqualTo(Duration.ofSeconds(75));
    }

    private static Socket connect(HttpListener listener, InetAddress from) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), listener.port()));
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static void ask(Socket socket) throws IOException {
        socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(ISO_8859_1));
        var reply = new StringBuilder();
        while (!reply.toString().endsWith("\r\n\r\nx")) {
            int read = socket.getInputStream().read();
            assertThat(read).as("after %s", reply).isNotNegative();
            reply.append((char) read);
        }
        assertThat(reply.toString()).startsWith("HTTP/1.1 200");
    }
}
