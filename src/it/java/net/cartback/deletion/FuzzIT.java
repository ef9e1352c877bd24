package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Fuzz;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Hostile input over real HTTP, into a real database: whatever comes in, the answer is one of those
 * that the contract knows, and never that something unexpected went wrong.
 */
class FuzzIT {

    private static final Set<Integer> EXPECTED =
            Set.of(200, 202, 204, 303, 400, 401, 404, 408, 409, 413, 414, 415, 431);
    private static final String FORM = "application/x-www-form-urlencoded";

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicInteger sent = new AtomicInteger();
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
        client.close();
        crm.close();
        relay.close();
    }

    @Test
    void a_callback_that_is_no_form() {
        var signed = "signed_request=" + URLEncoder.encode(signed("{}"), StandardCharsets.UTF_8);
        Fuzz.run(List.of(signed, "a=b&" + signed), body -> callback(FORM, body));
        var part =
                """
                --x
                Content-Disposition: form-data; name="signed_request"

                ab.cd
                --x--
                """
                        .replace("\n", "\r\n");
        Fuzz.run(List.of(part), body -> callback("multipart/form-data; boundary=x", body));
    }

    @Test
    void a_callback_that_is_signed_and_says_anything() {
        Fuzz.run(
                List.of(
                        "{\"algorithm\":\"HMAC-SHA256\",\"issued_at\":1795478400,\"user_id\":\"1\"}",
                        "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":123,\"user\":{\"a\":[1,2]}}"),
                payload ->
                        callback(
                                FORM,
                                ("signed_request="
                                                + URLEncoder.encode(
                                                        signed(payload), StandardCharsets.UTF_8))
                                        .getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void a_receipt_that_is_signed_and_says_anything() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        Fuzz.run(
                List.of(
                        "{\"outcome\":\"deleted\"}",
                        "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":"
                            + "\"legal_obligation\",\"until\":\"2032-12-31\"}]}",
                        "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}"),
                body -> receipt(delivery, delivery, body));
        Fuzz.run(
                List.of(delivery),
                id -> {
                    var text = header(id);
                    if (!text.isEmpty()) {
                        receipt(delivery, text, "{}".getBytes(StandardCharsets.UTF_8));
                    }
                });
    }

    @Test
    void a_code_and_an_id_in_a_path() {
        var code = relay.metaAsksToDelete("1");
        Fuzz.run(
                List.of(code),
                input -> {
                    var path =
                            URLEncoder.encode(
                                    new String(input, StandardCharsets.UTF_8),
                                    StandardCharsets.UTF_8);
                    if (path.length() < 6_000) {
                        check(send(HttpRequest.newBuilder(relay.uri("/status?code=" + path))));
                        check(send(HttpRequest.newBuilder(relay.uri("/status/" + path))));
                        check(admin("/deliveries?system=" + path));
                        check(admin("/deliveries?after=" + path + "&limit=" + path));
                        check(admin("/deliveries/" + path));
                        check(admin("/systems/" + path));
                    }
                });
    }

    @Test
    void a_verb_with_any_body() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        var note = "{\"by\":\"Dana\",\"why\":\"a test\"";
        var verbs =
                List.of(
                        "/systems/crm/replay",
                        "/systems/crm/redeliver",
                        "/systems/crm/pause",
                        "/systems/crm/resume",
                        "/deliveries/" + delivery + "/retry",
                        "/deliveries/" + delivery + "/record",
                        "/deliveries/" + delivery + "/amend");
        Fuzz.run(
                List.of(
                        note
                                + ",\"from\":\"2026-11-24T00:00:00Z\",\"to\":\"2027-01-01T00:00:00Z\","
                                + "\"states\":[\"parked\"],\"error\":\"timeout\",\"dry_run\":true}",
                        note + ",\"closed_since\":\"2026-11-24T00:00:00Z\",\"dry_run\":false}",
                        note + ",\"outcome\":\"refused\",\"ground\":\"request_excessive\"}",
                        note + ",\"from\":\"+1000000000-12-31T23:59:59Z\"}",
                        note + ",\"to\":\"-999999999-01-01T00:00:00Z\"}",
                        note + ",\"closed_since\":\"-9999-01-01T00:00:00Z\"}",
                        note + "}"),
                body -> {
                    for (var verb : verbs) {
                        check(
                                send(
                                        HttpRequest.newBuilder(relay.uri("/admin/v1" + verb))
                                                .header(
                                                        "Authorization",
                                                        "Bearer " + TestRelay.ADMIN_TOKEN)
                                                .POST(BodyPublishers.ofByteArray(body))));
                    }
                });
    }

    private HttpResponse<String> admin(String path) {
        return send(
                HttpRequest.newBuilder(relay.uri("/admin/v1" + path))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN));
    }

    private void callback(String type, byte[] body) {
        check(
                send(
                        HttpRequest.newBuilder(
                                        relay.uri("/meta/" + TestRelay.APP_ID + "/data-deletion"))
                                .header("Content-Type", type)
                                .POST(BodyPublishers.ofByteArray(body))));
    }

    private void receipt(String delivery, String webhookId, byte[] body) {
        var at = relay.clock().instant();
        check(
                send(
                        HttpRequest.newBuilder(relay.uri("/receipts/" + delivery))
                                .header("webhook-id", webhookId)
                                .header("webhook-timestamp", Long.toString(at.getEpochSecond()))
                                .header(
                                        "webhook-signature",
                                        StandardWebhooks.sign(
                                                webhookId,
                                                at,
                                                body,
                                                WebhookSecret.parse(crm.secret())))
                                .POST(BodyPublishers.ofByteArray(body))));
    }

    /** Only what a header may hold at all. */
    private static String header(byte[] input) {
        return new String(input, StandardCharsets.ISO_8859_1).replaceAll("[^!-~]", "");
    }

    private static void check(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isIn(EXPECTED);
        assertThat(reply.body()).doesNotContain("Exception", "at net.cartback", "ERROR:");
        if (reply.statusCode() >= 400) {
            assertThat(reply.headers().firstValue("Content-Type").orElse(""))
                    .startsWithIgnoringCase("application/problem+json")
                    .as(reply.body());
        }
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            // Each from an address of its own: who guesses at one is slowed down.
            int from = sent.getAndIncrement();
            return client.send(
                    request.header("Accept", "application/json")
                            // A kept connection may end at the moment in which it is used again.
                            .header("Connection", "close")
                            .header(
                                    "X-Forwarded-For",
                                    "10.%d.%d.%d"
                                            .formatted(
                                                    from >> 16 & 255, from >> 8 & 255, from & 255))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static String signed(String payload) {
        return signed(payload.getBytes(StandardCharsets.UTF_8));
    }

    /** As Meta signs, whatever it is. */
    private static String signed(byte[] payload) {
        var url = Base64.getUrlEncoder().withoutPadding();
        var encoded = url.encodeToString(payload);
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(
                    new SecretKeySpec(
                            TestRelay.APP_SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return url.encodeToString(mac.doFinal(encoded.getBytes(StandardCharsets.US_ASCII)))
                    + "."
                    + encoded;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
