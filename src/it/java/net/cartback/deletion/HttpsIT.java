package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.listener.IdleLimits;
import net.cartback.deletion.listener.TlsIdentity;

import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** The public listener with TLS of its own. */
@Execution(ExecutionMode.CONCURRENT)
class HttpsIT {

    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();
    private static final SSLSocketFactory CLIENT =
            new HandshakeCertificates.Builder()
                    .addTrustedCertificate(AUTHORITY.certificate())
                    .build()
                    .sslSocketFactory();
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final Duration HANDSHAKE_LIMIT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir private Path directory;
    private Path certificate;
    private Path key;
    private TlsIdentity identity;
    private HttpListener listener;

    @BeforeEach
    void start() throws IOException {
        certificate = directory.resolve("tls.crt");
        key = directory.resolve("tls.key");
        write(certificate(1));
        identity = TlsIdentity.load(certificate, key, InstantSource.system());
        listener = listen(IdleLimits.USUAL);
    }

    private HttpListener listen(IdleLimits idle) {
        return HttpListener.start(
                "127.0.0.1",
                0,
                () -> true,
                address -> false,
                identity,
                idle,
                List.of(routes -> routes.get("/hello", ctx -> ctx.result("hello"))));
    }

    @AfterEach
    void stop() {
        listener.close();
    }

    @Test
    void it_speaks_tls_13_and_nothing_older() throws IOException {
        try (var socket = connect("TLSv1.3")) {
            assertThat(get(socket)).startsWith("HTTP/1.1 200").endsWith("hello");
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
        }
        assertThatThrownBy(() -> connect("TLSv1.2")).isInstanceOf(SSLHandshakeException.class);
        try (var plain = new Socket(LOOPBACK, listener.port())) {
            plain.setSoTimeout(120_000);
            plain.getOutputStream()
                    .write(
                            "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(
                            new String(
                                    plain.getInputStream().readAllBytes(),
                                    StandardCharsets.ISO_8859_1))
                    .doesNotContain("hello");
        }
    }

    @Test
    void a_certificate_that_was_renewed_is_used_without_a_restart() throws IOException {
        assertThat(serial()).isEqualTo(1);
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(1);

        write(certificate(2));
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(2);
        assertThat(identity.notAfter()).isEqualTo(presented().getNotAfter().toInstant());
    }

    @Test
    void a_pair_that_does_not_fit_leaves_the_old_one_in_use() throws IOException {
        Files.writeString(certificate, certificate(2).certificatePem());
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(1);
        Files.writeString(certificate, "nothing");
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(1);
        Files.delete(key);
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(1);

        write(certificate(3));
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(3);
    }

    @Test
    void what_cannot_be_used_is_told_in_a_sentence_that_quotes_no_key() throws IOException {
        var one = certificate(1);
        Files.writeString(key, one.privateKeyPkcs8Pem());
        assertFault("the private key does not belong to the certificate");
        Files.writeString(
                key, "-----BEGIN EC PRIVATE KEY-----\nSECRET\n-----END EC PRIVATE KEY-----");
        assertFault("must be PKCS #8 in PEM");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----");
        assertFault("is malformed");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nA=B\n-----END PRIVATE KEY-----");
        assertFault("is malformed");
        Files.writeString(certificate, "");
        assertFault("holds no certificate in PEM");
        Files.writeString(certificate, "x".repeat(70_000));
        assertFault("is longer than 64 KiB");
        Files.delete(certificate);
        assertFault("cannot be read");
    }

    @Test
    void keys_of_rsa_and_of_elliptic_curves_are_taken() throws IOException {
        var rsa =
                new HeldCertificate.Builder()
                        .rsa2048()
                        .signedBy(AUTHORITY)
                        .serialNumber(9)
                        .addSubjectAlternativeName("127.0.0.1")
                        .build();
        write(rsa);
        identity.reloadIfChanged();
        assertThat(serial()).isEqualTo(9);
    }

    @Test
    void keys_of_another_kind_are_refused_and_leave_the_old_ones_in_use() throws Exception {
        var small = KeyPairGenerator.getInstance("RSA");
        small.initialize(1024);
        for (var generator : List.of(KeyPairGenerator.getInstance("Ed25519"), small)) {
            write(
                    new HeldCertificate.Builder()
                            .signedBy(AUTHORITY)
                            .keyPair(generator.generateKeyPair())
                            .build());
            assertFault("must be RSA of 2048 bits or more, or P-256, P-384 or P-521");
            identity.reloadIfChanged();
            assertThat(serial()).isEqualTo(1);
        }
    }

    @Test
    void a_certificate_that_is_not_valid_now_is_not_taken_for_one_that_is() throws IOException {
        long now = System.currentTimeMillis();
        var day = Duration.ofDays(1).toMillis();
        for (var from : List.of(now - 2 * day, now + day)) {
            write(
                    new HeldCertificate.Builder()
                            .signedBy(AUTHORITY)
                            .serialNumber(5)
                            .validityInterval(from, from + day)
                            .build());
            identity.reloadIfChanged();
            assertThat(serial()).isEqualTo(1);
        }
        // It is better than none.
        assertThat(TlsIdentity.load(certificate, key, InstantSource.system()).notAfter())
                .isNotNull();
    }

    @Test
    void one_address_may_have_as_many_connections_as_without_tls() throws IOException {
        var sockets = new ArrayList<SSLSocket>();
        // On a busy machine the first have waited for long when the last is there.
        listener.close();
        listener = listen(new IdleLimits(PATIENCE, PATIENCE));
        try {
            for (int i = 0; i < 250; i++) {
                sockets.add(connect("TLSv1.3"));
            }
            assertThat(get(sockets.getFirst())).startsWith("HTTP/1.1 200");
            assertThat(get(sockets.getLast())).startsWith("HTTP/1.1 200");
        } finally {
            for (var each : sockets) {
                each.close();
            }
        }
    }

    @Test
    void a_handshake_that_never_ends_is_cut_off_although_each_byte_is_in_time()
            throws IOException, InterruptedException {
        long began = System.nanoTime();
        try (var socket = new Socket(LOOPBACK, listener.port())) {
            socket.setSoTimeout(100);
            // The head of a handshake record that announces more than ever comes.
            socket.getOutputStream().write(new byte[] {22, 3, 1, 16, 0, 1, 0, 15, -4, 3, 3});
            assertIsCutOffInItsTime(socket, began);
        }
    }

    @Test
    void a_record_that_never_ends_is_cut_off_although_each_byte_is_in_time()
            throws IOException, InterruptedException {
        long began = System.nanoTime();
        try (var socket = new Socket(LOOPBACK, listener.port());
                var secured =
                        (SSLSocket)
                                CLIENT.createSocket(socket, "127.0.0.1", socket.getPort(), true)) {
            secured.startHandshake();
            socket.setSoTimeout(100);
            // The head of a record of application data of 16 KiB.
            socket.getOutputStream().write(new byte[] {23, 3, 3, 64, 0});
            assertIsCutOffInItsTime(socket, began);
        }
    }

    /** A byte every half second. A busy machine may be late with it, but never early. */
    private static void assertIsCutOffInItsTime(Socket socket, long began) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).until(() -> !isOpen(socket));
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isGreaterThan(HANDSHAKE_LIMIT.minusSeconds(1));
    }

    private static boolean isOpen(Socket socket) throws IOException {
        try {
            socket.getOutputStream().write(0);
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    private void assertFault(String sentence) {
        assertThatThrownBy(() -> TlsIdentity.load(certificate, key, InstantSource.system()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence)
                .hasMessageNotContaining("SECRET");
    }

    private long serial() throws IOException {
        return presented().getSerialNumber().longValue();
    }

    private X509Certificate presented() throws IOException {
        try (var socket = connect("TLSv1.3")) {
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private SSLSocket connect(String protocol) throws IOException {
        var socket = (SSLSocket) CLIENT.createSocket();
        socket.connect(new InetSocketAddress(LOOPBACK, listener.port()));
        socket.setSoTimeout(120_000);
        socket.setEnabledProtocols(new String[] {protocol});
        socket.startHandshake();
        return socket;
    }

    private static String get(Socket socket) throws IOException {
        socket.getOutputStream()
                .write(
                        "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static HeldCertificate certificate(long serial) {
        return new HeldCertificate.Builder()
                .signedBy(AUTHORITY)
                .serialNumber(serial)
                .addSubjectAlternativeName("127.0.0.1")
                .build();
    }

    private void write(HeldCertificate held) throws IOException {
        Files.writeString(certificate, held.certificatePem());
        Files.writeString(key, held.privateKeyPkcs8Pem());
    }
}
