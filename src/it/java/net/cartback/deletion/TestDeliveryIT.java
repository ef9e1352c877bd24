package net.cartback.deletion;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;

import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.RawServer;
import net.cartback.deletion.fixtures.TestRelay;

import okhttp3.tls.HeldCertificate;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A test delivery says how far it came, what failed there, and which field mends it. */
class TestDeliveryIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String ANSWER =
            """
            HTTP/1.1 200 OK\r
            Content-Length: 21\r
            Connection: close\r
            \r
            {"outcome":"deleted"}\
            """;

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(200, DELETED);
        relay = new TestRelay().register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void every_step_is_shown_also_of_a_paused_system() {
        relay.admin("/systems/crm/pause", "");
        var steps = test();

        assertThat(steps.findValuesAsText("step"))
                .containsExactly(
                        "name",
                        "address",
                        "connection",
                        "tls",
                        "status",
                        "signature",
                        "body",
                        "time",
                        "result",
                        "forgery",
                        "receipt");
        assertThat(ok(steps, "connection")).isTrue();
        assertThat(ok(steps, "status")).isTrue();
        assertThat(detail(steps, "body")).isEqualTo("outcome deleted");
        var message = crm.received().getFirst();
        assertThat(message.body()).contains("\"test\":true");
        assertThat(message.signature()).contains("v1,", "v1a,");
        assertThat(relay.count("SELECT count(*) FROM delivery")).isZero();
        assertThat(relay.texts("SELECT held_reason FROM system_gate")).containsExactly("paused");
    }

    @Test
    void the_step_that_failed_is_named() {
        crm.answers(401, "");
        assertThat(detail(test(), "signature")).contains("webhook-signature");
        crm.answers(200, "{\"outcome\": \"gone\"}");
        assertThat(detail(test(), "body")).contains("outcome must be");
        crm.answers(aResponse().withFixedDelay(3_000));
        relay.register("systems: [{id: crm, timeout: PT1S}]");
        assertThat(ok(test(), "time")).isFalse();
        relay.register("systems: [{id: crm, url: \"http://127.0.0.1:1/x\"}]");
        assertThat(ok(test(), "connection")).isFalse();
        relay.register("systems: [{id: crm, url: \"https://nowhere.invalid/x\"}]");
        assertThat(ok(test(), "name")).isFalse();
        relay.register("systems: [{id: crm, url: \"https://10.0.0.1/x\"}]");
        assertThat(ok(test(), "address")).isFalse();
    }

    @Test
    void what_the_system_minds_is_shown_in_its_own_words() {
        crm.answers(422, "{\"error\":\n\"subject.id must be a number\"}");
        assertThat(detail(test(), "body")).contains("{\"error\": \"subject.id must be a number\"}");
        crm.answers(200, "<html>Welcome" + "!".repeat(10_000));
        assertThat(detail(test(), "body")).contains("no JSON object; it begins: <html>Welcome!!!");
        assertThat(detail(test(), "body")).hasSizeLessThan(400);
        crm.answers(
                aResponse()
                        .withStatus(308)
                        .withHeader("Location", "https://new.example/x?token=1"));
        assertThat(detail(test(), "status"))
                .startsWith("308, to https://new.example/x.")
                .doesNotContain("token");
    }

    @Test
    void how_a_reply_failed_to_come_whole_is_told() throws IOException {
        var told =
                Map.of(
                        "SSH-2.0-OpenSSH_9.6\r\n", "the reply is not HTTP",
                        "", "the connection was closed without a reply",
                        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
                                "200 arrived, but the connection was closed before the body's end");
        for (var each : told.entrySet()) {
            try (var raw = new RawServer(path -> each.getKey().getBytes(US_ASCII))) {
                relay.register("systems: [{id: crm, url: \"" + raw.url() + "\"}]");
                assertThat(detail(test(), "status")).startsWith(each.getValue());
            }
        }
    }

    @Test
    void what_an_agreed_status_and_its_body_disagree_on_is_told() {
        relay.register("systems: [{id: crm, answers: {404: nothing_found}}]");
        crm.answers(404, DELETED);
        var steps = test();
        assertThat(detail(steps, "body")).isEqualTo("outcome deleted");
        assertThat(detail(steps, "result"))
                .endsWith("The body has another outcome than the one agreed for its status");
    }

    @Test
    void a_signed_receipt_is_taken_and_a_wrong_one_is_told() {
        crm.answers(202, "");
        var path = ask();
        relay.dispatchOnce();
        assertThat(detail(steps(path), "receipt")).isEqualTo("no receipt has arrived yet");
        var id = crm.received().getFirst().webhookId();

        assertThat(relay.receipt(id, "whsec_" + "A".repeat(32), DELETED).statusCode())
                .isEqualTo(401);
        assertThat(detail(steps(path), "receipt"))
                .isEqualTo(
                        "refused: webhook-signature has the right form, but was made with another"
                                + " secret or over other bytes than"
                                + " <webhook-id>.<webhook-timestamp>.<body>");
        assertThat(relay.receipt(id, crm.secret(), "{\"outcome\": \"gone\"}").statusCode())
                .isEqualTo(400);
        assertThat(detail(steps(path), "receipt")).startsWith("refused: outcome must be");
        assertThat(relay.receipt(id, crm.secret(), DELETED).statusCode()).isEqualTo(204);
        assertThat(relay.receipt(id, crm.secret(), DELETED).statusCode())
                .as("again")
                .isEqualTo(204);

        assertThat(ok(steps(path), "receipt")).isTrue();
        assertThat(detail(steps(path), "receipt")).isEqualTo("outcome deleted");
        assertThat(relay.count("SELECT count(*) FROM receipt")).isZero();
    }

    @Test
    void who_takes_a_wrong_signature_is_told_so_and_who_verifies_it_is_not() throws IOException {
        var steps = test();
        assertThat(ok(steps, "forgery")).isFalse();
        assertThat(detail(steps, "forgery")).contains("does the system verify webhook-signature");

        var server = HttpServer.create(new InetSocketAddress(loopback(), 0), 0);
        server.createContext(
                "/",
                call -> {
                    var headers = call.getRequestHeaders();
                    var verdict =
                            StandardWebhooks.verify(
                                    headers.getFirst("webhook-id"),
                                    headers.getFirst("webhook-timestamp"),
                                    headers.getFirst("webhook-signature"),
                                    call.getRequestBody().readAllBytes(),
                                    List.of(WebhookSecret.parse(crm.secret())),
                                    relay.clock().instant());
                    call.sendResponseHeaders(
                            verdict == StandardWebhooks.Verdict.VALID ? 202 : 401, -1);
                    call.close();
                });
        server.start();
        try {
            relay.register(
                    "systems: [{id: crm, url: \"http://127.0.0.1:"
                            + server.getAddress().getPort()
                            + "/\"}]");
            assertThat(detail(test(), "forgery")).isEqualTo("refused with 401");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void a_failure_of_tls_says_which_field_mends_it() throws IOException {
        var authority = new HeldCertificate.Builder().certificateAuthority(0).build();
        long day = TimeUnit.DAYS.toMillis(1);
        long now = System.currentTimeMillis();
        var good = signed(authority).addSubjectAlternativeName("127.0.0.1").build();
        var other = signed(authority).addSubjectAlternativeName("crm.example").build();
        var ended =
                signed(authority)
                        .addSubjectAlternativeName("127.0.0.1")
                        .validityInterval(now - 2 * day, now - day)
                        .build();
        var early =
                signed(authority)
                        .addSubjectAlternativeName("127.0.0.1")
                        .validityInterval(now + day, now + 2 * day)
                        .build();
        assertThat(tls(good, "public", "TLSv1.3"))
                .contains("put the authority's certificate into ca");
        var pem = authority.certificatePem();
        assertThat(tls(good, pem, "TLSv1.3")).isEqualTo("TLSv1.3");
        assertThat(tls(good, pem, "TLSv1.2")).contains("with tls: \"1.2\"");
        assertThat(tls(other, pem, "TLSv1.3")).contains("url must have a name");
        assertThat(tls(ended, pem, "TLSv1.3")).contains("has expired");
        assertThat(tls(early, pem, "TLSv1.3")).contains("not valid yet");
        try (var silent = new RawServer(ANSWER)) {
            for (var url : List.of(crm.url(), silent.url())) {
                relay.register(
                        "systems: [{id: crm, timeout: PT5S, url: \"%s\"}]"
                                .formatted(url.replace("http", "https")));
                assertThat(detail(test(), "tls")).contains("does TLS answer at this port?");
            }
        }
    }

    private static HeldCertificate.Builder signed(HeldCertificate authority) {
        return new HeldCertificate.Builder().signedBy(authority);
    }

    private String tls(HeldCertificate certificate, String authority, String version)
            throws IOException {
        try (var server = RawServer.encrypted(certificate, ANSWER, version)) {
            relay.register(
                    "systems:\n  - id: crm\n    url: "
                            + server.url()
                            + "\n    ca: "
                            + (authority.equals("public")
                                    ? authority
                                    : "|\n" + authority.indent(6)));
            return detail(test(), "tls");
        }
    }

    private JsonNode test() {
        var path = ask();
        relay.dispatchOnce();
        return steps(path);
    }

    private String ask() {
        var asked = relay.admin("/systems/crm/tests", "");
        assertThat(asked.statusCode()).isEqualTo(202);
        var at = asked.headers().firstValue("Location").orElseThrow();
        var path = at.substring("/admin/v1".length());
        assertThat(Http.json(relay.admin(path)).get("state").textValue()).isEqualTo("waiting");
        return path;
    }

    private JsonNode steps(String path) {
        var done = Http.json(relay.admin(path));
        assertThat(done.get("state").textValue()).isEqualTo("done");
        return done.get("steps");
    }

    private static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }

    private static boolean ok(JsonNode steps, String step) {
        return find(steps, step).get("ok").booleanValue();
    }

    private static String detail(JsonNode steps, String step) {
        return find(steps, step).get("detail").textValue();
    }

    private static JsonNode find(JsonNode steps, String step) {
        for (var each : steps) {
            if (each.get("step").textValue().equals(step)) {
                return each;
            }
        }
        throw new AssertionError("No step " + step);
    }
}
