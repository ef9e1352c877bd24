package net.cartback.deletion.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import net.cartback.deletion.registry.Tls;

import okhttp3.Dns;
import okhttp3.Request;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Whatever a forbidden destination is called, nothing connects to it. */
class ForbiddenAddressTest {

    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final OutboundRules rules = OutboundRules.allowing("");
    private final List<GuardedClient> clients = new ArrayList<>();
    private ServerSocket loopback;

    @BeforeEach
    void listen() throws IOException {
        loopback = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    }

    @AfterEach
    void close() throws IOException {
        clients.forEach(GuardedClient::close);
        loopback.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // This machine
                "127.0.0.1",
                "127.0.0.2",
                "127.255.255.254",
                "127.1",
                "127.0.1",
                "127.0.0.1.",
                "2130706433",
                "0x7f000001",
                "0x7f.0.0.1",
                "0177.0.0.1",
                "017700000001",
                "0x7F.0x0.0x0.0x1",
                "\u2460\u2461\u2466.0.0.1",
                "127\u30020\u30020\u30021",
                "localhost",
                "LOCALHOST",
                "localhost.",
                "0",
                "0.0.0.0",
                "0.1.2.3",
                "[::1]",
                "[0:0:0:0:0:0:0:1]",
                "[::]",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[0:0:0:0:0:ffff:127.0.0.1]",
                "[::127.0.0.1]",
                "[::1%25lo]",
                // Private networks
                "10.0.0.1",
                "10.255.255.255",
                "167772161",
                "0x0a000001",
                "012.0.0.1",
                "10.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
                "192.168.255.255",
                "[::ffff:10.0.0.1]",
                "[fc00::1]",
                "[fdff:ffff::1]",
                "[fec0::1]",
                // Link-local, and the metadata services of the clouds
                "169.254.0.1",
                "169.254.169.254",
                "169.254.170.2",
                "2852039166",
                "0xa9fea9fe",
                "100.100.100.200",
                "[fe80::1]",
                "[fe80::1%25eth0]",
                "[febf::1]",
                "[fd00:ec2::254]",
                "[::ffff:169.254.169.254]",
                // Shared, reserved, for documentation, for benchmarks
                "100.64.0.1",
                "100.127.255.255",
                "192.0.0.1",
                "192.0.0.170",
                "192.0.2.1",
                "192.88.99.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "240.0.0.1",
                "255.255.255.255",
                "[100::1]",
                "[2001:db8::1]",
                "[3fff::1]",
                "[5f00::1]",
                // IPv4 inside IPv6: NAT64, 6to4, Teredo
                "[64:ff9b::127.0.0.1]",
                "[64:ff9b::a00:1]",
                "[64:ff9b:1::a00:1]",
                "[2002:7f00:1::1]",
                "[2002:a00:1::]",
                "[2002:a9fe:a9fe::1]",
                "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
                "[2001:10::1]",
                // Multicast
                "224.0.0.1",
                "239.255.255.255",
                "[ff02::1]",
                "[ff0e::1]"
            })
    void nothing_connects_however_it_is_spelt(String host) {
        assertThatThrownBy(() -> call(client(Dns.SYSTEM), host))
                .isInstanceOfAny(UnknownHostException.class, IllegalArgumentException.class);
        assertNobodyConnected();
    }

    @Test
    void a_name_that_answers_differently_the_second_time_is_checked_the_second_time() {
        var asked = new AtomicInteger();
        var client =
                client(
                        host ->
                                List.of(
                                        InetAddress.ofLiteral(
                                                asked.incrementAndGet() == 1
                                                        ? "203.0.114.1"
                                                        : "127.0.0.1")));

        // The first answer is a public address, where nobody answers from here.
        assertThatThrownBy(() -> call(client, "rebinding.example"))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(GuardedClient.AddressRefused.class);
        assertThat(asked).as("one look-up: what was checked is what is used").hasValue(1);
        assertThatThrownBy(() -> call(client, "rebinding.example"))
                .isInstanceOf(GuardedClient.AddressRefused.class);
        assertNobodyConnected();
    }

    @Test
    void a_name_with_one_forbidden_address_among_others_is_refused() {
        var client =
                client(
                        host ->
                                List.of(
                                        InetAddress.ofLiteral("203.0.114.1"),
                                        InetAddress.ofLiteral("127.0.0.1")));

        assertThatThrownBy(() -> call(client, "both.example"))
                .isInstanceOf(GuardedClient.AddressRefused.class);
        assertNobodyConnected();
    }

    @Test
    void a_resolver_that_hangs_does_not_hold_the_delivery() {
        var never = new CountDownLatch(1);
        var client =
                client(
                        host -> {
                            try {
                                never.await();
                            } catch (InterruptedException e) {
                                throw new UnknownHostException("interrupted");
                            }
                            return List.of();
                        });

        // Without a limit it would never end.
        assertTimeoutPreemptively(
                Duration.ofMinutes(2),
                () ->
                        assertThatThrownBy(() -> call(client, "slow.example"))
                                .isInstanceOf(IOException.class));
    }

    @Test
    void plain_http_to_a_public_address_is_refused_too() {
        var client = client(host -> List.of(InetAddress.ofLiteral("127.0.0.1")));

        assertThatThrownBy(
                        () ->
                                client.execute(
                                        new Request.Builder().url("http://203.0.114.1/x").build(),
                                        Tls.USUAL,
                                        LIMIT,
                                        new CallWatch()))
                .isInstanceOf(GuardedClient.AddressRefused.class);
    }

    private GuardedClient client(Dns dns) {
        var client = new GuardedClient(rules, 4, dns);
        clients.add(client);
        return client;
    }

    private void call(GuardedClient client, String host) throws IOException {
        var request =
                new Request.Builder()
                        .url("https://" + host + ":" + loopback.getLocalPort() + "/x")
                        .build();
        client.execute(request, Tls.USUAL, Duration.ofSeconds(1), new CallWatch()).close();
    }

    private void assertNobodyConnected() {
        assertThatThrownBy(
                        () -> {
                            loopback.setSoTimeout(1);
                            loopback.accept().close();
                        })
                .isInstanceOf(SocketTimeoutException.class);
    }
}
