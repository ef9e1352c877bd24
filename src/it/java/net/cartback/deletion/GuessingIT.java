package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;

/**
 * Who guesses codes and signatures is slowed down; nobody else is, not even at the same address.
 */
class GuessingIT {

    private static final String UNKNOWN = "7K3M9Q2XVB4T8WZC5N6R1YHDJF";
    private static final String ATTACKER = "203.0.113.7";
    private static final String PERSON = "203.0.113.8";
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int FREE = 20;
    private static final int MANY = 40;

    /** The relay takes what comes from 127.0.0.1 for a proxy of its own. */
    private final HttpClient overProxy = client("127.0.0.1");

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
        overProxy.close();
        crm.close();
        relay.close();
    }

    @Test
    void wrong_codes_are_slowed_and_then_refused() throws Exception {
        exhaust();

        assertThat(untilRefused(i -> status(UNKNOWN, ATTACKER))).containsOnly(404, 429);
        assertThat(untilRefused(i -> status(UNKNOWN + "/proof", ATTACKER))).containsOnly(404, 429);
    }

    @Test
    void people_are_told_in_a_page() throws Exception {
        exhaust();

        var replies = repliesUntilRefused(i -> status(UNKNOWN, ATTACKER, "text/html"));
        assertThat(replies)
                .allSatisfy(
                        reply ->
                                assertThat(reply.headers().firstValue("Content-Type"))
                                        .hasValue("text/html;charset=utf-8"))
                .anySatisfy(
                        reply -> {
                            assertThat(reply.statusCode()).isEqualTo(429);
                            assertThat(reply.headers().firstValue("Retry-After")).hasValue("60");
                            assertThat(reply.body()).contains("Please try again later");
                        })
                .anySatisfy(reply -> assertThat(reply.body()).contains("No request found"));
    }

    @Test
    void a_right_code_and_a_right_signature_are_served_from_the_same_address() throws Exception {
        var code = relay.metaAsksToDelete("1001");
        exhaust();

        var statuses =
                untilRefused(
                        i ->
                                switch (i % 4) {
                                    case 0 -> status(code, ATTACKER);
                                    case 1 -> callback(relay.signedRequest("user-" + i), ATTACKER);
                                    default -> status(UNKNOWN, ATTACKER);
                                });
        for (int i = 0; i < MANY; i++) {
            if (i % 4 < 2) {
                assertThat(statuses.get(i)).isEqualTo(200);
            }
        }
    }

    @Test
    void another_address_may_be_wrong_all_the_same() throws Exception {
        exhaust();

        assertThat(statuses(FREE - 1, i -> status(UNKNOWN, PERSON))).containsOnly(404);
    }

    @Test
    void wrong_signatures_are_slowed_and_then_refused() throws Exception {
        for (int i = 0; i < FREE; i++) {
            assertThat(send(callback(forged(i), ATTACKER))).isEqualTo(400);
        }
        assertThat(untilRefused(i -> callback(forged(i), ATTACKER))).containsOnly(400, 429);
        assertThat(send(callback(relay.signedRequest("1001"), PERSON))).isEqualTo(200);
    }

    @Test
    void an_address_that_is_made_up_is_not_believed() throws Exception {
        try (var direct = client("127.0.0.2")) {
            assertThat(repliesUntilRefused(direct, i -> status(UNKNOWN, "198.51.100." + i)))
                    .isNotEmpty();
        }
        // Nor is one that stands before the proxy's own entry.
        assertThat(untilRefused(i -> status(UNKNOWN, "198.51.100." + i + ", " + ATTACKER)))
                .isNotEmpty();
        assertThat(send(status(UNKNOWN, "not an address"))).isEqualTo(404);
        assertThat(send(status(UNKNOWN, "2001:db8::1"))).isEqualTo(404);
    }

    @Test
    void addresses_of_one_network_count_together() throws Exception {
        assertThat(untilRefused(i -> status(UNKNOWN, "2001:db8::" + i))).isNotEmpty();
        assertThat(send(status(UNKNOWN, "2001:db8:0:1::1"))).isEqualTo(404);
    }

    private void exhaust() throws Exception {
        for (int i = 0; i < FREE; i++) {
            assertThat(send(status(UNKNOWN, ATTACKER))).isEqualTo(404);
        }
    }

    private HttpRequest status(String code, String from) {
        return status(code, from, "application/json");
    }

    private HttpRequest status(String code, String from, String accept) {
        return HttpRequest.newBuilder(relay.statusRequest(code, accept), (n, v) -> true)
                .header("X-Forwarded-For", from)
                // A kept connection may end at the moment in which it is used again.
                .header("Connection", "close")
                .build();
    }

    private HttpRequest callback(String signedRequest, String from) {
        return HttpRequest.newBuilder(
                        relay.callbackRequest(TestRelay.APP_ID, signedRequest), (n, v) -> true)
                .header("X-Forwarded-For", from)
                // A kept connection may end at the moment in which it is used again.
                .header("Connection", "close")
                .build();
    }

    private String forged(int i) {
        return "AAAA" + relay.signedRequest("user-" + i).substring(4);
    }

    private int send(HttpRequest request) throws Exception {
        return overProxy.send(request, BodyHandlers.ofString()).statusCode();
    }

    private List<Integer> statuses(int count, IntFunction<HttpRequest> request) throws Exception {
        return statuses(replies(overProxy, count, request));
    }

    private List<Integer> untilRefused(IntFunction<HttpRequest> request) throws Exception {
        return statuses(repliesUntilRefused(request));
    }

    private static List<Integer> statuses(List<HttpResponse<String>> replies) {
        return replies.stream().map(HttpResponse::statusCode).toList();
    }

    private List<HttpResponse<String>> repliesUntilRefused(IntFunction<HttpRequest> request)
            throws Exception {
        return repliesUntilRefused(overProxy, request);
    }

    /** Refused is who comes while others wait: on a busy machine not in each round. */
    private static List<HttpResponse<String>> repliesUntilRefused(
            HttpClient client, IntFunction<HttpRequest> request) throws Exception {
        for (var end = Instant.now().plus(PATIENCE); Instant.now().isBefore(end); ) {
            var replies = replies(client, MANY, request);
            if (statuses(replies).contains(429)) {
                return replies;
            }
        }
        throw new AssertionError("Nobody was refused");
    }

    /** All at once. */
    private static List<HttpResponse<String>> replies(
            HttpClient client, int count, IntFunction<HttpRequest> request) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<HttpResponse<String>>>();
            for (int i = 0; i < count; i++) {
                var one = request.apply(i);
                tasks.add(() -> client.send(one, BodyHandlers.ofString()));
            }
            var replies = new ArrayList<HttpResponse<String>>();
            for (var each : executor.invokeAll(tasks)) {
                replies.add(each.get());
            }
            return replies;
        }
    }

    private static HttpClient client(String address) {
        // It would ask to change to HTTP/2, which does not go with a connection that is to be
        // closed.
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .localAddress(InetAddress.ofLiteral(address))
                .build();
    }
}
