package net.cartback.deletion;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.FakeClientSystem.Received;
import net.cartback.deletion.fixtures.OutsideVerifier;
import net.cartback.deletion.fixtures.RawServer;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.ledger.Ledger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class DeliveryIT {

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm");
        relay = new TestRelay().register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void a_delivery_says_what_the_contract_says() {
        relay.metaAsksToDelete("10210123456789012");

        relay.dispatchOnce();

        var received = crm.received().getFirst();
        var json = json(received);
        var data = json.get("data");
        assertThat(json.get("type").textValue()).isEqualTo("deletion.requested");
        assertThat(data.get("delivery_id").textValue()).isEqualTo(received.webhookId());
        assertThat(data.get("app_id").textValue()).isEqualTo(TestRelay.APP_ID);
        assertThat(data.get("platform").textValue()).isEqualTo("facebook");
        assertThat(data.get("subject").toString())
                .isEqualTo("{\"id\":\"10210123456789012\",\"id_type\":\"app_scoped_user_id\"}");
        assertThat(data.get("receipt_url").textValue())
                .isEqualTo(relay.uri("/receipts/" + received.webhookId()).toString());
        assertThat(data.get("received_at").textValue())
                .isEqualTo(relay.clock().instant().toString());
        assertThat(data.get("test").booleanValue()).isFalse();
        assertThat(data.properties().stream().map(Map.Entry::getKey))
                .containsExactly(
                        "request_id",
                        "delivery_id",
                        "app_id",
                        "platform",
                        "subject",
                        "requested_at",
                        "received_at",
                        "due_at",
                        "receipt_url",
                        "test");
    }

    @Test
    void its_signatures_verify_with_the_official_library_and_with_the_jdk() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var received = crm.received().getFirst();

        OutsideVerifier.verifyWithLibrary(received, crm.secret());
        assertThat(
                        OutsideVerifier.verifiesUnderPublishedKey(
                                received, relay.uri("/.well-known/jwks.json")))
                .isTrue();
    }

    @Test
    void while_secrets_rotate_both_sign() {
        var next =
                "whsec_"
                        + Base64.getEncoder()
                                .encodeToString("a secret of 32 bytes, for a test".getBytes(UTF_8));
        relay.register(
                "systems: [{id: crm, secrets: [{value: %s}, {value: %s, not_after: \"%s\"}]}]"
                        .formatted(next, crm.secret(), relay.clock().instant().plusSeconds(60)));
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        assertThat(crm.received().getFirst().signature().split(" ", -1)).hasSize(3);

        relay.clock().advance(Duration.ofSeconds(61));
        relay.metaAsksToDelete("2");
        relay.dispatchOnce();
        assertThat(crm.received().getLast().signature().split(" ", -1)).hasSize(2);
    }

    @Test
    void an_outcome_in_the_reply_closes_the_delivery_and_completes_the_request() {
        crm.answers(200, "{\"outcome\":\"nothing_found\"}");
        var code = relay.metaAsksToDelete("1");

        relay.dispatchOnce();

        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("nothing_found");
        assertThat(relay.count("SELECT count(*) FROM receipt WHERE basis = 'in_reply'"))
                .isEqualTo(1);
        assertThat(relay.dispatchOnce()).isZero();
    }

    @Test
    void a_2xx_alone_is_delivered_and_not_deleted() {
        crm.answers(202, "");
        var code = relay.metaAsksToDelete("1");

        relay.dispatchOnce();

        assertThat(relay.status(code).get("state").textValue()).isEqualTo("received");
        assertThat(relay.status(code).at("/systems/confirmed").intValue()).isZero();
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'awaiting_receipt'"))
                .isEqualTo(1);
    }

    @Test
    void a_delivery_that_fails_is_sent_again_under_the_same_id_until_it_is_answered() {
        crm.answers(500, "");
        var code = relay.metaAsksToDelete("1");
        for (var wait :
                List.of(
                        "PT0S", "PT6S", "PT36S", "PT150S", "PT12M", "PT36M", "PT3H", "PT8H",
                        "PT15H", "PT30H", "PT30H")) {
            relay.clock().advance(Duration.parse(wait));
            assertThat(relay.dispatchOnce()).isEqualTo(1);
            assertThat(relay.dispatchOnce()).as("not due yet").isZero();
        }
        relay.clock().advance(Duration.ofDays(60));
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("delayed");
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        relay.dispatchOnce();

        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        assertThat(crm.received())
                .hasSize(12)
                .extracting(Received::webhookId)
                .containsOnly(crm.received().getFirst().webhookId());
        assertThat(crm.received())
                .extracting(Received::body)
                .containsOnly(crm.received().getFirst().body());
        assertThat(relay.count("SELECT count(*) FROM attempt")).isEqualTo(12);
    }

    @Test
    void each_status_has_its_consequence() {
        var table =
                Map.ofEntries(
                        Map.entry("awaiting_receipt accepted", List.of(200, 202, 204)),
                        Map.entry(
                                "pending system_at_fault",
                                List.of(301, 302, 303, 307, 308, 401, 403, 404, 405, 410, 421)),
                        Map.entry(
                                "parked delivery_at_fault",
                                List.of(400, 402, 407, 409, 413, 415, 422)),
                        Map.entry("pending try_again", List.of(408, 425, 500, 502, 504)),
                        Map.entry("pending throttled", List.of(429, 503)));
        table.forEach(
                (consequence, statuses) ->
                        statuses.forEach(status -> eachStatus(status, consequence)));
    }

    private void eachStatus(int status, String consequence) {
        int before = crm.received().size();
        relay.execute(
                """
                UPDATE system_gate
                   SET claimable_at = '-infinity', held_reason = NULL, hold_level = 0
                """);
        relay.execute("UPDATE delivery SET next_attempt_at = 'infinity' WHERE state = 'pending'");
        crm.answers(
                aResponse()
                        .withStatus(status)
                        .withHeader("Location", crm.url() + "/elsewhere")
                        .withHeader("Retry-After", "0"));
        relay.metaAsksToDelete("status " + status);

        relay.dispatchOnce();

        // 421 says that the connection was the wrong one, so it is tried over another.
        assertThat(crm.received().size() - before)
                .as("how often sent for %s", status)
                .isEqualTo(status == 421 ? 2 : 1);
        assertThat(
                        relay.texts(
                                """
                                SELECT d.state || ' ' || a.reply
                                  FROM delivery d
                                  JOIN attempt a ON a.delivery_id = d.id
                                 WHERE a.status = %d
                                """
                                        .formatted(status)))
                .as("consequence of %s", status)
                .containsExactly(consequence);
    }

    @Test
    void a_bad_receipt_parks_the_delivery_and_a_good_one_later_still_counts() {
        crm.answers(200, "{\"outcome\":\"gone\"}");
        var code = relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE reason = 'bad_receipt'"))
                .isEqualTo(1);

        var id = crm.received().getFirst().webhookId();
        assertThat(relay.receipt(id, crm.secret(), "{\"outcome\":\"deleted\"}").statusCode())
                .isEqualTo(204);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
    }

    @Test
    void retry_after_is_heeded_where_it_is_longer_than_the_schedule() {
        crm.answers(aResponse().withStatus(503).withHeader("Retry-After", "3600"));
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();

        relay.clock().advance(Duration.ofSeconds(3599));
        assertThat(relay.dispatchOnce()).isZero();
        relay.clock().advance(Duration.ofSeconds(2));
        assertThat(relay.dispatchOnce()).isEqualTo(1);
    }

    @Test
    void nothing_is_sent_twice_in_one_attempt_whatever_the_reply_asks_for() {
        crm.answers(aResponse().withStatus(503).withHeader("Retry-After", "0"));
        relay.metaAsksToDelete("1");

        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(1);
        assertThat(relay.count("SELECT count(*) FROM attempt WHERE reply = 'throttled'"))
                .isEqualTo(1);
    }

    @Test
    void a_system_that_drops_hangs_or_floods_the_connection_costs_one_attempt() {
        relay.metaAsksToDelete("1");
        crm.resets();
        relay.dispatchOnce();
        assertThat(error()).isEqualTo("reset");

        relay.register("systems: [{id: crm, timeout: PT1S}]");
        crm.answers(aResponse().withStatus(200).withFixedDelay(3000));
        relay.clock().advance(Duration.ofSeconds(10));
        relay.dispatchOnce();
        assertThat(error()).isEqualTo("timeout");
        relay.register("systems: [{id: crm, timeout: PT60S}]");

        crm.answers(200, "{\"outcome\":\"deleted\",\"x\":\"" + "y".repeat(1 << 20) + "\"}");
        relay.clock().advance(Duration.ofMinutes(1));
        relay.dispatchOnce();
        assertThat(error()).isEqualTo("bad_receipt");
    }

    @Test
    void the_beginning_of_an_answer_is_kept_sealed_with_its_attempt() {
        crm.answers(500, "we hold user 4711 " + "x".repeat(5_000));
        relay.metaAsksToDelete("4711");
        relay.dispatchOnce();

        assertThat(relay.count("SELECT length(answer_sealed) FROM attempt"))
                .isBetween(2_048L, 2_048L + 100);
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM attempt WHERE position('4711'::bytea IN"
                                        + " answer_sealed) > 0"))
                .isZero();
        var opened =
                relay.keyring()
                        .sealer()
                        .open(
                                new SealContext(
                                        "attempt",
                                        "answer_sealed",
                                        crm.received().getFirst().webhookId() + "/1"),
                                relay.bytes("SELECT answer_sealed FROM attempt"));
        assertThat(opened).hasSize(2_048).startsWith("we hold user 4711 x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 000 X", "HTTP/1.1 099 X", "HTTP/1.1 -12 X", "HTTP/1.1 700 X"})
    void a_status_line_that_holds_no_status_costs_one_attempt(String statusLine)
            throws IOException {
        try (var raw = new RawServer(statusLine + "\r\nContent-Length: 0\r\n\r\n")) {
            relay.register("systems: [{id: crm, url: \"%s\"}]".formatted(raw.url()));
            relay.metaAsksToDelete("1");

            relay.dispatchOnce();

            assertThat(error()).isEqualTo("malformed");
            relay.clock().advance(Duration.ofSeconds(3));
            assertThat(relay.dispatchOnce()).as("not due yet").isZero();
        }
    }

    @Test
    void a_result_that_cannot_be_written_comes_back_by_the_schedule_and_not_by_its_lease() {
        // A call that takes longer than a busy machine needs is tried again by a clock that stands.
        relay.register("systems: [{id: crm, timeout: PT60S, rate_per_minute: 1000000}]");
        relay.database()
                .withHandle(
                        handle ->
                                handle.execute(
                                        "ALTER TABLE attempt ADD CHECK (status IS DISTINCT FROM"
                                                + " 418)"));
        crm.answers(418, "");
        relay.metaAsksToDelete("1");
        relay.dispatcher().start();

        await().atMost(Duration.ofMinutes(2))
                .until(
                        () ->
                                relay.count(
                                                "SELECT count(*) FROM delivery WHERE state ="
                                                        + " 'pending' AND lease_id IS NULL AND"
                                                        + " reason = 'internal'")
                                        == 1);

        assertThat(crm.received()).hasSize(1);
    }

    @Test
    void a_system_whose_secrets_have_all_ended_is_sent_nothing() {
        relay.register(
                "systems: [{id: crm, secrets: [{value: %s, not_after: \"%s\"}]}]"
                        .formatted(crm.secret(), relay.clock().instant().plusSeconds(60)));
        relay.metaAsksToDelete("1");
        relay.clock().advance(Duration.ofSeconds(61));

        relay.dispatchOnce();

        assertThat(crm.received()).isEmpty();
        assertThat(error()).isEqualTo("no_secret");
    }

    @Test
    void a_system_that_is_not_there_or_forbidden_is_told_apart() {
        relay.register("systems: [{id: crm, url: \"http://127.0.0.1:1/x\"}]");
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        assertThat(error()).isEqualTo("connect");

        for (var forbidden :
                List.of(
                        "http://10.0.0.1/x",
                        "http://[::1]:1/x",
                        "https://169.254.169.254/x",
                        "http://0x0a000001/x")) {
            relay.register("systems: [{id: crm, url: \"%s\"}]".formatted(forbidden));
            relay.clock().advance(Duration.ofDays(2));
            relay.dispatchOnce();
            assertThat(error()).as(forbidden).isIn("address", "dns");
        }
    }

    @Test
    void a_delivery_whose_worker_died_is_sent_again_after_its_lease() {
        var code = relay.metaAsksToDelete("1");
        assertThat(relay.claim(10)).hasSize(1); // and then nothing: the worker is gone

        assertThat(relay.dispatchOnce()).isZero();
        relay.clock().advance(Duration.ofMinutes(1).plus(Ledger.LEASE_MARGIN).plusSeconds(1));
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        assertThat(relay.dispatchOnce()).isEqualTo(1);

        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
    }

    @Test
    void no_more_than_max_in_flight_are_claimed_across_replicas() {
        relay.register("systems: [{id: crm, max_in_flight: 5}]");
        try (var other = relay.replica()) {
            for (int i = 1; i <= 20; i++) {
                relay.metaAsksToDelete("" + i);
            }
            assertThat(relay.claim(5)).hasSize(3);
            assertThat(other.claim(100)).hasSize(2);
            assertThat(relay.claim(100)).isEmpty();
        }
    }

    @Test
    void a_long_queue_does_not_push_out_a_short_one() {
        try (var small = new FakeClientSystem("small")) {
            for (int i = 1; i <= 30; i++) {
                relay.metaAsksToDelete("" + i);
            }
            relay.register(
                    small.yaml("").replaceFirst("^", "systems:\n")
                            + TestRelay.app(List.of("crm", "small")));

            var claimed = relay.claim(20);

            var bySystem = new HashMap<String, Integer>();
            claimed.forEach(each -> bySystem.merge(each.system().value(), 1, Integer::sum));
            assertThat(bySystem).containsEntry("small", 10).containsEntry("crm", 10);
        }
    }

    private String error() {
        return relay.database()
                .withHandle(
                        handle ->
                                handle.createQuery(
                                                "SELECT error FROM attempt ORDER BY number DESC"
                                                        + " LIMIT 1")
                                        .mapTo(String.class)
                                        .one());
    }

    private static com.fasterxml.jackson.databind.JsonNode json(Received received) {
        try {
            return new com.fasterxml.jackson.databind.ObjectMapper().readTree(received.body());
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
