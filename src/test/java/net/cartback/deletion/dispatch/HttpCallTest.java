package net.cartback.deletion.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Tls;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;

import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** What happens on the wire, against real sockets. */
class HttpCallTest {

    private static final String ANSWER =
            "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"outcome\":\"deleted\"}";

    /** For what never answers. */
    private static final Duration SHORT = Duration.ofSeconds(3);

    private final List<AutoCloseable> open = new ArrayList<>();

    /** Of a call: longer than a busy machine takes. */
    private Duration limit = Duration.ofMinutes(1);

    @AfterEach
    void close() throws Exception {
        for (var each : open) {
            each.close();
        }
    }

    @Test
    void a_kept_connection_that_the_other_side_closed_costs_no_try() throws Exception {
        var closed = new CountDownLatch(1);
        var server = listen();
        var requests = new ConcurrentLinkedQueue<String>();
        background(
                () -> {
                    // Answers once, keeps the connection, and closes it while it is idle.
                    try (var first = server.accept()) {
                        answer(first, requests, ANSWER);
                    } finally {
                        closed.countDown();
                    }
                    try (var second = server.accept()) {
                        answer(second, requests, ANSWER);
                    }
                });
        var http = http("127.0.0.1");

        assertThat(status(http, server)).isEqualTo(200);
        closed.await();
        assertThat(status(http, server)).isEqualTo(200);
        assertThat(requests).hasSize(2);
    }

    @Test
    void a_kept_connection_that_is_reset_as_the_next_call_comes_costs_no_try() throws Exception {
        var server = listen();
        var requests = new ConcurrentLinkedQueue<String>();
        background(
                () -> {
                    try (var first = server.accept()) {
                        answer(first, requests, ANSWER);
                        // Reads the next request, and dies over it.
                        answer(first, requests, "");
                        first.setSoLinger(true, 0);
                    }
                    try (var second = server.accept()) {
                        answer(second, requests, ANSWER);
                    }
                });
        var http = http("127.0.0.1");

        assertThat(status(http, server)).isEqualTo(200);
        assertThat(status(http, server)).isEqualTo(200);
        assertThat(requests).hasSize(3);
    }

    @Test
    void a_connection_that_has_grown_old_takes_no_more_than_this_call() throws Exception {
        var server = listen();
        var requests = new ConcurrentLinkedQueue<String>();
        background(
                () -> {
                    for (int i = 0; i < 2; i++) {
                        try (var connection = server.accept()) {
                            answer(connection, requests, ANSWER);
                            assertThat(connection.getInputStream().read()).isEqualTo(-1);
                        }
                    }
                });
        var client =
                new GuardedClient(
                        OutboundRules.allowing("127.0.0.0/8"),
                        4,
                        host -> List.of(InetAddress.ofLiteral("127.0.0.1")),
                        Duration.ZERO);
        open.add(client::close);
        var http = new HttpCall(client);

        assertThat(status(http, server)).isEqualTo(200);
        assertThat(status(http, server)).isEqualTo(200);
        assertThat(requests)
                .hasSize(2)
                .allSatisfy(each -> assertThat(each).containsIgnoringCase("connection: close"));
    }

    @Test
    void a_new_connection_that_breaks_is_a_try() throws Exception {
        var server = serving("", "");

        assertThat(failure(http("127.0.0.1"), server)).isEqualTo(ErrorClass.RESET);
    }

    @Test
    void a_misdirected_request_is_sent_again_over_a_connection_of_its_own() throws Exception {
        var server = serving("HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n", ANSWER);

        assertThat(status(http("127.0.0.1"), server)).isEqualTo(200);
    }

    @Test
    void a_connection_that_never_stood_is_no_try() throws Exception {
        limit = SHORT;
        // Nobody accepts, and the queue is full: the system answers nothing to the next.
        var full = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        open.add(full);
        for (int i = 0; i < 4; i++) {
            var waiting = new Socket();
            open.add(waiting);
            Thread.ofVirtual().start(() -> connect(waiting, full));
        }
        // Once nobody gets in any more.
        while (isTaken(full)) {
            Thread.onSpinWait();
        }

        assertThat(failure(http("127.0.0.1"), full)).isEqualTo(ErrorClass.CONNECT);

        var gone = listen();
        gone.close();
        assertThat(failure(http("127.0.0.1"), gone)).isEqualTo(ErrorClass.CONNECT);
    }

    @Test
    void an_address_without_a_route_beside_a_good_one_does_no_harm() throws Exception {
        // 100::/64 discards everything (RFC 6666).
        assertThat(status(http("100::1", "127.0.0.1"), serving(ANSWER))).isEqualTo(200);
    }

    @Test
    void addresses_none_of_which_can_be_reached_are_no_try() throws Exception {
        var gone = listen();
        gone.close();

        assertThat(failure(http("100::1", "127.0.0.1"), gone)).isEqualTo(ErrorClass.CONNECT);
    }

    @Test
    void a_handshake_that_stalls_is_no_try() throws Exception {
        limit = SHORT;
        var silent = listen();

        assertThat(failure(http("127.0.0.1"), silent, "https", Tls.USUAL))
                .isEqualTo(ErrorClass.CONNECT);
    }

    @Test
    void two_systems_behind_one_certificate_and_address_share_no_connection() throws Exception {
        var certificate =
                new HeldCertificate.Builder()
                        .addSubjectAlternativeName("a.test")
                        .addSubjectAlternativeName("b.test")
                        .build();
        var server =
                (SSLServerSocket)
                        new HandshakeCertificates.Builder()
                                .heldCertificate(certificate)
                                .build()
                                .sslContext()
                                .getServerSocketFactory()
                                .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        open.add(server);
        var parameters = server.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        server.setSSLParameters(parameters);
        var seen = new ConcurrentLinkedQueue<String>();
        background(
                () -> {
                    while (!server.isClosed()) {
                        var connection = (SSLSocket) server.accept();
                        Thread.ofVirtual().start(() -> answerByName(connection, seen));
                    }
                });
        var http = http("127.0.0.1");
        var tls = new Tls(false, certificate.certificatePem());

        for (var host : List.of("a.test", "b.test", "a.test", "b.test")) {
            var url = "https://" + host + ":" + server.getLocalPort() + "/x";
            assertThat(outcome(http, url, tls)).isInstanceOf(HttpCall.Outcome.Replied.class);
        }

        assertThat(seen)
                .containsExactly(
                        "a.test for a.test over http/1.1",
                        "b.test for b.test over http/1.1",
                        "a.test for a.test over http/1.1",
                        "b.test for b.test over http/1.1");
    }

    private interface Scene {
        void play() throws IOException;
    }

    private static void background(Scene scene) {
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                scene.play();
                            } catch (IOException e) {
                                // The test is over, or its client has gone.
                            }
                        });
    }

    /** Says for each request over which name and protocol it came. */
    private static void answerByName(SSLSocket connection, Queue<String> seen) {
        try (connection) {
            connection.startHandshake();
            var session = (ExtendedSSLSession) connection.getSession();
            var name = (SNIHostName) session.getRequestedServerNames().getFirst();
            var in = reader(connection);
            while (true) {
                var head = read(in);
                if (head == null) {
                    return;
                }
                var host = head.replaceAll("(?s).*\nhost: ([^:\n]*).*", "$1");
                seen.add(
                        host
                                + " for "
                                + name.getAsciiName()
                                + " over "
                                + connection.getApplicationProtocol());
                connection.getOutputStream().write(ANSWER.getBytes(ISO_8859_1));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static void connect(Socket socket, ServerSocket to) {
        try {
            socket.connect(to.getLocalSocketAddress());
        } catch (IOException e) {
            // It is closed with the test.
        }
    }

    /** Whether another connection is still taken. */
    private boolean isTaken(ServerSocket server) {
        var one = new Socket();
        open.add(one);
        try {
            one.connect(server.getLocalSocketAddress(), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Answers each connection's first request with one of these, and closes it. */
    private ServerSocket serving(String... answers) throws IOException {
        var server = listen();
        background(
                () -> {
                    for (var each : answers) {
                        try (var connection = server.accept()) {
                            answer(connection, new ConcurrentLinkedQueue<>(), each);
                        }
                    }
                });
        return server;
    }

    private ServerSocket listen() throws IOException {
        var server = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        open.add(server);
        return server;
    }

    private static void answer(Socket connection, Queue<String> requests, String answer)
            throws IOException {
        var head = read(reader(connection));
        if (head != null) {
            requests.add(head);
        }
        connection.getOutputStream().write(answer.getBytes(ISO_8859_1));
        connection.getOutputStream().flush();
    }

    private static BufferedReader reader(Socket connection) throws IOException {
        return new BufferedReader(new InputStreamReader(connection.getInputStream(), ISO_8859_1));
    }

    /** A request's head in lower case, its body read too; null: there is none any more. */
    private static @Nullable String read(BufferedReader in) throws IOException {
        var head = new StringBuilder();
        for (var line = in.readLine(); line == null || !line.isEmpty(); line = in.readLine()) {
            if (line == null) {
                return null;
            }
            head.append(line.toLowerCase(Locale.ROOT)).append('\n');
        }
        for (int read = 0; read < 2; read++) {
            var _ = in.read();
        }
        return head.toString();
    }

    /** Resolves every name to these addresses. */
    private HttpCall http(String... addresses) {
        var resolved = List.of(addresses).stream().map(InetAddress::ofLiteral).toList();
        var client =
                new GuardedClient(
                        OutboundRules.allowing("127.0.0.0/8, 100::/64"), 4, host -> resolved);
        open.add(client::close);
        return new HttpCall(client);
    }

    private int status(HttpCall http, ServerSocket server) {
        var outcome = outcome(http, "http://x.test:" + server.getLocalPort() + "/x", Tls.USUAL);
        return ((HttpCall.Outcome.Replied) outcome).reply().status();
    }

    private @Nullable ErrorClass failure(HttpCall http, ServerSocket server) {
        return failure(http, server, "http", Tls.USUAL);
    }

    private @Nullable ErrorClass failure(
            HttpCall http, ServerSocket server, String scheme, Tls tls) {
        var outcome = outcome(http, scheme + "://x.test:" + server.getLocalPort() + "/x", tls);
        return ((HttpCall.Outcome.Failed) outcome).reply().error();
    }

    private HttpCall.Outcome outcome(HttpCall http, String url, Tls tls) {
        var system =
                new ClientSystem(
                        new ClientSystemId("crm"),
                        "CRM",
                        URI.create(url),
                        new ClientSystem.Credential.WebhookSecrets(List.of()),
                        Set.of(),
                        Set.of(),
                        AckMeans.ACCEPTED,
                        Map.of(),
                        null,
                        1,
                        limit,
                        Duration.ofDays(7),
                        tls);
        var request =
                new Request.Builder()
                        .url(url)
                        .post(RequestBody.create("{}", MediaType.get("application/json")))
                        .build();
        return http.make(request, system, new CallWatch());
    }
}
