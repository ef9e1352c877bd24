package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

class ReceiptAndStatusIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String RETAINED =
            "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}]}";

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem shop;
    private String code;
    private String delivery;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(202, "");
        shop = new FakeClientSystem("shop").answers(202, "");
        relay = new TestRelay().register(crm, shop);
        code = relay.metaAsksToDelete("10210123456789012");
        relay.dispatchOnce();
        delivery = crm.received().getFirst().webhookId();
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
        shop.close();
    }

    @Test
    void a_receipt_is_recorded_once_and_the_same_again_is_204() {
        assertThat(relay.receipt(delivery, crm.secret(), DELETED).statusCode()).isEqualTo(204);
        assertThat(
                        relay.receipt(
                                        delivery,
                                        crm.secret(),
                                        "{ \"outcome\": \"deleted\", \"retained\": [] }")
                                .statusCode())
                .isEqualTo(204);

        assertThat(relay.count("SELECT count(*) FROM receipt WHERE basis = 'signed'")).isEqualTo(1);
        assertThat(relay.status(code).at("/systems/confirmed").intValue()).isEqualTo(1);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("in_progress");
    }

    @Test
    void the_body_of_a_receipt_is_kept_sealed_and_its_digest_with_it() throws Exception {
        relay.receipt(delivery, crm.secret(), DELETED);

        var digest =
                MessageDigest.getInstance("SHA-256")
                        .digest(DELETED.getBytes(StandardCharsets.UTF_8));
        relay.database()
                .withHandle(
                        handle ->
                                handle.createQuery("SELECT body_sealed, body_digest FROM receipt")
                                        .map(
                                                (row, context) -> {
                                                    assertThat(row.getBytes("body_digest"))
                                                            .isEqualTo(digest);
                                                    assertThat(
                                                                    relay.keyring()
                                                                            .sealer()
                                                                            .open(
                                                                                    new SealContext(
                                                                                            "receipt",
                                                                                            "body_sealed",
                                                                                            delivery),
                                                                                    row.getBytes(
                                                                                            "body_sealed")))
                                                            .isEqualTo(DELETED);
                                                    return true;
                                                })
                                        .one());
    }

    @Test
    void a_different_receipt_is_409_recorded_and_changes_nothing() {
        relay.receipt(delivery, crm.secret(), DELETED);

        assertThat(relay.receipt(delivery, crm.secret(), RETAINED).statusCode()).isEqualTo(409);
        assertThat(relay.receipt(delivery, crm.secret(), RETAINED).statusCode()).isEqualTo(409);

        assertThat(relay.count("SELECT count(*) FROM contradiction")).isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE outcome = 'deleted'"))
                .isEqualTo(1);
    }

    @Test
    void a_client_that_cannot_stop_contradicting_is_not_kept_forever() {
        relay.receipt(delivery, crm.secret(), DELETED);
        for (int day = 1; day <= 25; day++) {
            relay.receipt(
                    delivery,
                    crm.secret(),
                    RETAINED.replace("2032-12-31", "2032-12-%02d".formatted(day)));
        }
        assertThat(relay.count("SELECT count(*) FROM contradiction")).isEqualTo(20);
    }

    @Test
    void only_the_deliverys_own_system_may_answer() {
        assertThat(relay.receipt(delivery, shop.secret(), DELETED).statusCode()).isEqualTo(401);
        assertThat(relay.count("SELECT count(*) FROM receipt")).isZero();
    }

    @Test
    void a_signature_for_another_delivery_does_not_count() {
        var other = shop.received().getFirst().webhookId();
        var request =
                relay.receiptRequest(
                        delivery, other, crm.secret(), relay.clock().instant(), DELETED);

        assertThat(Http.send(request).statusCode()).isEqualTo(401);
    }

    @Test
    void a_receipt_must_be_within_five_minutes_and_signed_at_all() {
        var now = relay.clock().instant();
        for (int seconds : List.of(-301, 301)) {
            var request =
                    relay.receiptRequest(
                            delivery, delivery, crm.secret(), now.plusSeconds(seconds), DELETED);
            assertThat(Http.send(request).statusCode()).isEqualTo(401);
        }
        var bare =
                HttpRequest.newBuilder(relay.uri("/receipts/" + delivery))
                        .POST(HttpRequest.BodyPublishers.ofString(DELETED))
                        .build();
        assertThat(Http.send(bare).statusCode()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ok",
                "{}",
                "[]",
                "{\"outcome\":\"unconfirmed\"}",
                "{\"outcome\":\"refused\"}",
                "{\"outcome\":\"deleted\",\"outcome\":\"refused\"}"
            })
    void an_unacceptable_receipt_is_400_and_names_the_field(String body) {
        var reply = relay.receipt(delivery, crm.secret(), body);

        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("field").textValue()).isNotBlank();
    }

    @Test
    void an_unknown_delivery_is_404() {
        for (var id : List.of(UUID.randomUUID().toString(), "x", delivery.substring(1))) {
            assertThat(relay.receipt(id, crm.secret(), DELETED).statusCode()).isIn(404, 400);
        }
    }

    @Test
    void the_last_answer_completes_the_request_with_everything_listed() {
        relay.receipt(delivery, crm.secret(), RETAINED);
        relay.clock().advance(Duration.ofMinutes(5));
        relay.receipt(
                shop.received().getFirst().webhookId(),
                shop.secret(),
                "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}");

        var status = relay.status(code);
        assertThat(status.get("state").textValue()).isEqualTo("completed");
        assertThat(status.get("outcome").textValue()).isEqualTo("deleted_some_retained");
        assertThat(status.get("completed_at").textValue())
                .isEqualTo(relay.clock().instant().toString());
        assertThat(status.get("retained").toString())
                .isEqualTo(
                        "[{\"organisation\":\"The"
                            + " crm\",\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}]");
        assertThat(status.get("refused").toString())
                .isEqualTo(
                        "[{\"organisation\":\"The"
                                + " shop\",\"ground\":\"identity_not_established\"}]");
        assertThat(page(code))
                .contains(
                        "Not everything was deleted",
                        "<dd>Invoices</dd>",
                        "<dd>The law requires that this data is kept.</dd>",
                        "<time datetime=\"2032-12-31\">31 December 2032</time>",
                        "The organisation says that it could not confirm who you are.",
                        "The crm",
                        "The shop",
                        "UTC",
                        "complain to the data protection");
    }

    @Test
    void the_page_tells_every_state() {
        assertThat(page(code))
                .contains("Your request has been received", "It has not told us yet what it did.");
        relay.receipt(delivery, crm.secret(), DELETED);
        assertThat(page(code))
                .contains(
                        "At least one organisation has answered",
                        "<dt>Have told us what they did</dt>\n<dd><bdi dir=\"ltr\">1</bdi></dd>",
                        "It says that it has deleted the data about you.");
        relay.clock().advance(Duration.ofDays(31));
        assertThat(page(code))
                .contains(
                        "taking longer than it should",
                        "Your request stays open until each organisation has answered",
                        "You can also go to court.");
    }

    @Test
    void the_page_is_private_and_needs_no_script() {
        var reply = Http.send(relay.statusRequest(code, "text/html"));

        assertThat(reply.headers().firstValue("Cache-Control")).contains("no-store");
        assertThat(reply.headers().firstValue("Referrer-Policy")).contains("no-referrer");
        assertThat(reply.headers().firstValue("X-Robots-Tag").orElse("")).contains("noindex");
        assertThat(reply.headers().firstValue("Content-Security-Policy").orElse(""))
                .startsWith("default-src 'none'")
                .doesNotContain("unsafe");
        assertThat(reply.body())
                .contains("<meta name=\"robots\" content=\"noindex")
                .doesNotContain("<script", "10210123456789012", crm.url());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/json, text/html;q=0.5",
                "text/html;q=0.4, application/json"
            })
    void json_is_for_whoever_asks_for_it(String accept) {
        assertThat(
                        Http.send(relay.statusRequest(code, accept))
                                .headers()
                                .firstValue("Content-Type"))
                .contains("application/json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*/*",
                "text/html",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "application/json;q=0.1, text/html"
            })
    void the_page_is_for_everybody_else(String accept) {
        assertThat(
                        Http.send(relay.statusRequest(code, accept))
                                .headers()
                                .firstValue("Content-Type")
                                .orElse(""))
                .startsWith("text/html");
    }

    @Test
    void unknown_and_malformed_codes_get_one_and_the_same_answer() {
        for (var accept : List.of("text/html", "application/json")) {
            var unknown = Http.send(relay.statusRequest("00000000000000000000000000", accept));
            assertThat(unknown.statusCode()).isEqualTo(404);
            for (var malformed :
                    List.of("x", "7K3M9Q2XVB4T8WZC5N6R1YHD0FF", "%F0%9F%98%80", "x".repeat(3000))) {
                var reply = Http.send(relay.statusRequest(malformed, accept));
                assertThat(reply.body()).isEqualTo(unknown.body());
                assertThat(reply.statusCode()).isEqualTo(404);
            }
        }
    }

    @Test
    void a_code_is_found_however_it_is_spelled_and_the_field_leads_there() {
        var spelled =
                String.join("-", code.toLowerCase(java.util.Locale.ROOT).split("(?<=\\G.{5})", -1));
        assertThat(Http.send(relay.statusRequest(spelled, "text/html")).statusCode())
                .isEqualTo(200);

        var entered =
                Http.send(HttpRequest.newBuilder(relay.uri("/status?code=" + spelled)).build());
        assertThat(entered.statusCode()).isEqualTo(303);
        assertThat(entered.headers().firstValue("Location")).contains("/status/" + code);

        var field = Http.send(HttpRequest.newBuilder(relay.uri("/status")).build());
        assertThat(field.body()).contains("<form action=\"/status\" method=\"get\">");
        var hostile =
                Http.send(
                        HttpRequest.newBuilder(
                                        relay.uri("/status?code=%2F%2Fevil.example%0d%0aX:y"))
                                .build());
        assertThat(hostile.headers().firstValue("Location").orElse(""))
                .isEqualTo("/status/unknown");
    }

    private String page(String code) {
        return Http.send(relay.statusRequest(code, "text/html")).body();
    }
}
