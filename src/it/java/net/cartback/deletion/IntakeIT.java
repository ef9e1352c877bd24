package net.cartback.deletion;

import static net.cartback.deletion.fixtures.TestRelay.APP_ID;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

class IntakeIT {

    private static TestRelay relay;
    private static FakeClientSystem crm;
    private static FakeClientSystem newsletter;

    @BeforeAll
    static void start() {
        crm = new FakeClientSystem("crm");
        newsletter = new FakeClientSystem("newsletter");
        relay = new TestRelay().register(crm, newsletter);
    }

    @AfterAll
    static void stop() {
        relay.close();
        crm.close();
        newsletter.close();
    }

    static Stream<JsonNode> vectors() throws IOException {
        try (var in = IntakeIT.class.getResourceAsStream("/signed_request.json")) {
            return new ObjectMapper().readTree(in).valueStream();
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void every_vector_gets_its_verdict_through_the_callback(JsonNode vector) {
        var app = "42";
        relay.register(
                "apps: [{id: \"%s\", name: Vectors, secrets: [{value: %s}]}]"
                        .formatted(app, TestRelay.APP_SECRET));
        // Some fixtures have secrets that no registry takes.
        relay.replaceAppSecret(app, vector.get("secret").textValue());

        var reply = Http.send(relay.callbackRequest(app, vector.get("signed_request").textValue()));

        var expected = vector.get("expect").textValue();
        var problem = reply.statusCode() == 400 ? Http.json(reply).get("type").textValue() : "";
        if (expected.startsWith("valid")) {
            assertThat(reply.statusCode()).isEqualTo(200);
        } else if (expected.contains("no user_id")) {
            assertThat(problem).isEqualTo("urn:deletion-relay:problem:no-user");
        } else if (expected.contains("algorithm")) {
            assertThat(problem).isEqualTo("urn:deletion-relay:problem:wrong-algorithm");
        } else {
            assertThat(problem).isEqualTo("urn:deletion-relay:problem:bad-signature");
        }
    }

    @Test
    void the_answer_is_strict_json_with_exactly_url_and_code() {
        var reply = relay.callback(relay.signedRequest("100"));

        assertThat(reply.headers().firstValue("Content-Type")).contains("application/json");
        var json = Http.json(reply);
        assertThat(json.properties().stream().map(entry -> entry.getKey()).toList())
                .containsExactly("url", "confirmation_code");
        var code = json.get("confirmation_code").textValue();
        assertThat(code).matches("[0-9A-Z]{26}");
        assertThat(json.get("url").textValue()).isEqualTo(relay.uri("/status/" + code).toString());
    }

    @Test
    void a_request_is_recorded_with_a_delivery_for_each_system() {
        long before = relay.count("SELECT count(*) FROM delivery");

        relay.metaAsksToDelete("101");

        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(before + 2);
    }

    @Test
    void a_second_callback_with_the_same_issued_at_answers_the_same_code() {
        var code = relay.metaAsksToDelete("102");
        long requests = relay.count("SELECT count(*) FROM deletion_request");

        assertThat(relay.metaAsksToDelete("102")).isEqualTo(code);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(requests);
    }

    @Test
    void another_spelling_of_the_same_request_answers_the_same_code() {
        var signed = relay.signedRequest("103");

        var first = Http.json(relay.callback(signed)).get("confirmation_code");
        var padded =
                signed.substring(0, signed.indexOf('.'))
                        + "="
                        + signed.substring(signed.indexOf('.'));

        assertThat(Http.json(relay.callback(padded)).get("confirmation_code")).isEqualTo(first);
    }

    @Test
    void another_issued_at_is_another_request() {
        var code = relay.metaAsksToDelete("104");
        var later = TestRelay.signedRequest("104", relay.clock().instant().plusSeconds(1));

        assertThat(Http.json(relay.callback(later)).get("confirmation_code").textValue())
                .isNotEqualTo(code);
    }

    @Test
    void the_same_request_from_many_threads_and_two_replicas_creates_one() throws Exception {
        try (var other = relay.replica();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 5; round++) {
                long requests = relay.count("SELECT count(*) FROM deletion_request");
                var signed =
                        TestRelay.signedRequest(
                                "105" + round, Instant.ofEpochSecond(1_700_000_000));
                var tasks = new ArrayList<Callable<String>>();
                for (int i = 0; i < 40; i++) {
                    var target = i % 2 == 0 ? relay : other;
                    tasks.add(
                            () ->
                                    Http.json(target.callback(signed))
                                            .get("confirmation_code")
                                            .textValue());
                }
                var codes =
                        threads.invokeAll(tasks).stream()
                                .map(future -> future.resultNow())
                                .collect(Collectors.toSet());
                assertThat(codes).hasSize(1);
                assertThat(relay.count("SELECT count(*) FROM deletion_request"))
                        .isEqualTo(requests + 1);
            }
        }
    }

    @Test
    void a_multipart_form_with_a_part_without_a_name_lacks_the_field() {
        var body = "--x\r\nContent-Disposition: form-data\r\n\r\nab.cd\r\n--x--\r\n";

        var reply = post("multipart/form-data; boundary=x", body);

        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("signed_request");
    }

    @Test
    void a_multipart_form_is_taken_too() {
        var boundary = "----boundary";
        var body =
                "--%s\r\nContent-Disposition: form-data; name=\"signed_request\"\r\n\r\n%s\r\n--%s--\r\n"
                        .formatted(boundary, relay.signedRequest("106"), boundary);

        assertThat(post("multipart/form-data; boundary=" + boundary, body).statusCode())
                .isEqualTo(200);
        assertThat(post("multipart/form-data", body).statusCode()).isEqualTo(400);
        assertThat(post("multipart/form-data; boundary=other", body).statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({
        "'', missing",
        "other=1, missing",
        "signed_request=, missing",
        "signed_request=abc, malformed",
        "signed_request=a.b.c, malformed",
        "signed_request=%ZZ, malformed",
        "signed_request=a.b&signed_request=a.b, malformed",
        "signed_request=AAAA.AAAA, bad-signature"
    })
    void a_bad_form_gets_a_problem_that_names_the_rule(String form, String type) {
        var reply = post("application/x-www-form-urlencoded", form);

        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("type").textValue()).endsWith(":" + type);
    }

    @Test
    void a_body_that_is_no_form_is_415_and_no_body_at_all_is_missing() {
        assertThat(post("application/json", "{}").statusCode()).isEqualTo(415);
        var bare =
                Http.send(
                        HttpRequest.newBuilder(relay.uri("/meta/" + APP_ID + "/data-deletion"))
                                .POST(BodyPublishers.noBody())
                                .build());
        assertThat(bare.statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"999", "abc", "123456789012345678901", "1234567890%20", "%2e%2e"})
    void an_unknown_app_is_404(String app) {
        var reply = Http.sendUnchecked(relay.callbackRequest(app, relay.signedRequest("107")));

        assertThat(reply.statusCode()).isIn(404, 400);
        assertThat(reply.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    @ParameterizedTest
    @ValueSource(ints = {16_385, 200_000})
    void a_body_over_16_kib_is_413(int size) {
        var reply = post("application/x-www-form-urlencoded", "x".repeat(size));

        assertThat(reply.statusCode()).isEqualTo(413);
    }

    @Test
    void who_asks_whether_to_send_a_body_over_16_kib_is_told_413_at_once() throws IOException {
        var uri = relay.uri("/meta/" + APP_ID + "/data-deletion");
        try (var socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.getOutputStream()
                    .write(
                            ("POST "
                                            + uri.getPath()
                                            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type:"
                                            + " application/x-www-form-urlencoded\r\n"
                                            + "Expect: 100-continue\r\n"
                                            + "Content-Length: 10000000\r\n\r\n")
                                    .getBytes(US_ASCII));
            assertThat(new String(socket.getInputStream().readNBytes(13), US_ASCII))
                    .isEqualTo("HTTP/1.1 413 ");
        }
    }

    @Test
    void a_body_over_16_kib_of_unknown_length_is_413() {
        var chunked =
                HttpRequest.newBuilder(relay.uri("/meta/" + APP_ID + "/data-deletion"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(
                                BodyPublishers.ofInputStream(
                                        () -> new java.io.ByteArrayInputStream(new byte[100_000])))
                        .build();

        assertThat(Http.send(chunked).statusCode()).isEqualTo(413);
    }

    @Test
    void a_body_that_trickles_is_cut_off_although_each_byte_is_in_time() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), relay.uri("/").getPort())) {
            var out = socket.getOutputStream();
            out.write(
                    ("POST /meta/"
                                    + APP_ID
                                    + "/data-deletion HTTP/1.1\r\nHost: x\r\n"
                                    + "Content-Type: application/x-www-form-urlencoded\r\n"
                                    + "Content-Length: 1000\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            socket.setSoTimeout(200);
            var answer = new StringBuilder();
            for (int i = 0; i < 900 && answer.isEmpty(); i++) {
                out.write('x');
                out.flush();
                try {
                    var buffer = new byte[200];
                    int n = socket.getInputStream().read(buffer);
                    answer.append(new String(buffer, 0, Math.max(n, 0), StandardCharsets.US_ASCII));
                } catch (java.net.SocketTimeoutException e) {
                    // Not answered yet: the next byte follows.
                }
            }
            assertThat(answer.toString()).startsWith("HTTP/1.1 408");
        }
    }

    @Test
    void a_body_that_stalls_is_cut_off_in_the_same_time() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), relay.uri("/").getPort())) {
            socket.getOutputStream()
                    .write(
                            ("POST /meta/"
                                            + APP_ID
                                            + "/data-deletion HTTP/1.1\r\nHost: x\r\n"
                                            + "Content-Type: application/x-www-form-urlencoded\r\n"
                                            + "Content-Length: 1000\r\n\r\nsigned")
                                    .getBytes(StandardCharsets.US_ASCII));
            // The connection's own limit is 15 s of silence; the body's ends before it.
            socket.setSoTimeout(120_000);

            var buffer = new byte[200];
            int n = socket.getInputStream().read(buffer);

            assertThat(new String(buffer, 0, n, StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 408");
        }
    }

    @Test
    void get_and_head_say_what_the_address_is() {
        var path = relay.uri("/meta/" + APP_ID + "/data-deletion");

        var get = Http.send(HttpRequest.newBuilder(path).build());
        var head =
                Http.send(
                        HttpRequest.newBuilder(path)
                                .method("HEAD", BodyPublishers.noBody())
                                .build());

        assertThat(get.statusCode()).isEqualTo(200);
        assertThat(get.body()).contains("How to have the data that <bdi>");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void another_method_is_405_and_another_path_404_as_problems() {
        var put =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/meta/" + APP_ID + "/data-deletion"))
                                .PUT(BodyPublishers.ofString("x"))
                                .build());
        var nowhere = Http.sendUnchecked(HttpRequest.newBuilder(relay.uri("/nowhere")).build());

        assertThat(put.statusCode()).isEqualTo(405);
        assertThat(put.headers().firstValue("Allow")).contains("GET, HEAD, POST");
        assertThat(nowhere.statusCode()).isEqualTo(404);
        assertThat(List.of(put, nowhere))
                .allSatisfy(
                        reply ->
                                assertThat(reply.headers().firstValue("Content-Type"))
                                        .contains("application/problem+json"));
    }

    @Test
    void every_answer_carries_the_security_headers() {
        var reply = relay.callback("x");

        assertThat(reply.headers().map())
                .containsKeys(
                        "content-security-policy",
                        "x-content-type-options",
                        "referrer-policy",
                        "x-robots-tag",
                        "cache-control")
                .doesNotContainKeys("server", "x-powered-by");
    }

    @Test
    void a_secret_whose_label_names_a_platform_decides_the_platform() {
        relay.register(
                """
                apps:
                  - id: "43"
                    name: Two products
                    platform: facebook
                    secrets: [{value: 9d1f00a7c3e24b58}, {label: instagram, value: "%s"}]
                """
                        .formatted(TestRelay.APP_SECRET));

        Http.send(relay.callbackRequest("43", relay.signedRequest("108")));

        assertThat(
                        relay.count(
                                "SELECT count(*) FROM deletion_request WHERE app_id = '43' AND"
                                        + " platform = 'instagram' AND id_type = 'meta_user_id'"))
                .isEqualTo(1);
    }

    @Test
    void an_ended_app_still_takes_callbacks() {
        relay.register(
                "apps: [{id: \"44\", name: Gone, state: ended, secrets: [{value: \"%s\"}], systems: [crm]}]"
                        .formatted(TestRelay.APP_SECRET));

        assertThat(Http.send(relay.callbackRequest("44", relay.signedRequest("109"))).statusCode())
                .isEqualTo(200);
    }

    @Test
    void callbacks_are_counted_by_app_and_verdict_and_strangers_make_no_label() {
        IntStream.range(0, 3).forEach(i -> Http.sendUnchecked(relay.callbackRequest("777", "x.y")));
        relay.metaAsksToDelete("110");
        post("application/x-www-form-urlencoded", "x".repeat(20_000));
        post("text/plain", "x");

        assertThat(relay.scrape())
                .contains(
                        "relay_callbacks_total{app=\"1234567890\",kind=\"deletion\",verdict=\"created\"}",
                        "relay_callbacks_total{app=\"1234567890\",kind=\"deletion\",verdict=\"too-large\"}",
                        "relay_callbacks_total{app=\"1234567890\",kind=\"deletion\",verdict=\"unsupported-media-type\"}",
                        "relay_callbacks_total{app=\"unknown\",kind=\"deletion\",verdict=\"unknown-app\"}",
                        "# HELP relay_callbacks_total Callbacks")
                .doesNotContain("\"777\"");
    }

    private static HttpResponse<String> post(String contentType, String body) {
        return Http.send(
                HttpRequest.newBuilder(relay.uri("/meta/" + APP_ID + "/data-deletion"))
                        .header("Content-Type", contentType)
                        .POST(BodyPublishers.ofString(body))
                        .build());
    }
}
