package net.cartback.deletion;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.RawServer;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.gate.HoldReason;
import net.cartback.deletion.gate.SystemSignal;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.ReplyClass;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

class IsolationIT {

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

    @ParameterizedTest
    @ValueSource(ints = {301, 401, 403, 404, 405, 410})
    void an_answer_that_speaks_of_the_system_holds_it_and_uses_up_no_step(int status) {
        crm.answers(status, "");
        ask(3);

        assertThat(relay.dispatchOnce()).isEqualTo(3);
        assertThat(gate()).isEqualTo("status_" + status + " 1");
        assertThat(relay.count("SELECT sum(step) FROM delivery")).isZero();

        assertThat(relay.dispatchOnce()).as("held").isZero();
        relay.clock().advance(Duration.ofSeconds(11));
        assertThat(relay.dispatchOnce()).as("one probe").isEqualTo(1);
        assertThat(gate()).isEqualTo("status_" + status + " 2");
        assertThat(relay.dispatchOnce()).as("held again").isZero();

        crm.answers(200, "{\"outcome\":\"deleted\"}");
        relay.clock().advance(Duration.ofSeconds(31));
        assertThat(relay.dispatchOnce()).as("one probe").isEqualTo(1);
        assertThat(gate()).isEqualTo("open 0");
        assertThat(relay.dispatchOnce()).as("released").isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(3);
    }

    @Test
    void each_hold_is_longer_than_the_one_before_up_to_a_quarter_of_an_hour() {
        crm.answers(401, "");
        ask(1);
        relay.dispatchOnce();
        for (var hold : List.of(10, 30, 60, 120, 300, 600, 900, 900, 900)) {
            relay.clock().advance(Duration.ofSeconds(hold - 1));
            assertThat(relay.dispatchOnce()).as("still held within " + hold).isZero();
            relay.clock().advance(Duration.ofSeconds(2));
            assertThat(relay.dispatchOnce()).as("probe after " + hold).isEqualTo(1);
        }
    }

    @Test
    void a_name_that_is_not_resolved_holds_for_a_minute_at_most_since_that_may_be_our_own_fault() {
        relay.register("systems: [{id: crm, url: \"https://nowhere.invalid/x\"}]");
        ask(1);
        relay.dispatchOnce();
        for (int i = 0; i < 8; i++) {
            relay.clock().advance(Duration.ofSeconds(61));
            assertThat(relay.dispatchOnce()).isEqualTo(1);
        }
        assertThat(relay.count("SELECT sum(step) FROM delivery")).isZero();
    }

    @Test
    void half_of_ten_calls_failing_within_the_window_hold_it_and_fewer_do_not() {
        crm.answers(500, "");
        ask(9);
        relay.dispatchOnce();
        assertThat(gate()).isEqualTo("open 0");

        ask(1);
        relay.dispatchOnce();
        assertThat(gate()).isEqualTo("failing 1");
        assertThat(relay.count("SELECT sum(step) FROM delivery")).isEqualTo(10);
    }

    @Test
    void failures_long_ago_do_not_count() {
        crm.answers(500, "");
        ask(9);
        relay.dispatchOnce();
        relay.execute("UPDATE delivery SET next_attempt_at = 'infinity'");

        relay.clock().advance(Duration.ofSeconds(31));
        ask(1);
        relay.dispatchOnce();

        assertThat(gate()).isEqualTo("open 0");
    }

    @Test
    void refused_connections_use_up_no_step_and_hold_it_when_they_go_on() {
        relay.register("systems: [{id: crm, url: \"http://127.0.0.1:1/x\"}]");
        ask(12);
        relay.dispatchOnce();

        assertThat(gate()).isEqualTo("failing 1");
        assertThat(relay.count("SELECT sum(step) FROM delivery")).isZero();
    }

    @Test
    void a_reply_that_never_ends_between_its_chunks_costs_no_memory() throws IOException {
        var endless =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + "x".repeat(4_000_000);
        try (var relay = new TestRelay();
                var server = new RawServer(endless)) {
            relay.register(
                    "systems: [{id: crm, name: CRM, url: \"%s\", secrets: [{value: %s}]}]"
                            .formatted(server.url(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
            relay.register(
                    "apps: [{id: \"%s\", name: Shop, secrets: [{value: %s}], systems: [crm]}]"
                            .formatted(TestRelay.APP_ID, TestRelay.APP_SECRET));
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            // Whoever reads on would find that the connection ends within the line: a reset.
            assertThat(relay.texts("SELECT state || ' ' || reason FROM delivery"))
                    .containsExactly("awaiting_receipt unclear");
        }
    }

    @Test
    void who_fails_and_asks_for_hours_gets_them() {
        crm.answers(aResponse().withStatus(503).withHeader("Retry-After", "7200"));
        ask(12);
        relay.dispatchOnce();
        assertThat(gate()).isEqualTo("failing 1");

        relay.clock().advance(Duration.ofMinutes(30));
        relay.ledger().sweep();
        assertThat(relay.dispatchOnce()).isZero();
        relay.clock().advance(Duration.ofMinutes(91));
        assertThat(relay.dispatchOnce()).as("a probe").isEqualTo(1);
    }

    @Test
    void a_lone_retry_after_holds_its_own_delivery_alone() {
        relay.execute("UPDATE client_system SET max_in_flight = 100");
        ask(60);
        while (relay.dispatchOnce() > 0) {
            assertThat(gate()).isEqualTo("open 0");
        }
        crm.answers(aResponse().withStatus(503).withHeader("Retry-After", "1"));
        ask(1);
        relay.dispatchOnce();
        assertThat(gate()).isEqualTo("open 0");
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        ask(5);

        assertThat(relay.dispatchOnce()).isEqualTo(5);
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'pending'")).isOne();
    }

    @Test
    void retry_after_holds_the_whole_system() {
        crm.answers(aResponse().withStatus(429).withHeader("Retry-After", "600"));
        ask(1);
        relay.dispatchOnce();
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        ask(1);

        relay.clock().advance(Duration.ofSeconds(599));
        assertThat(relay.dispatchOnce()).isZero();
        relay.clock().advance(Duration.ofSeconds(2));
        assertThat(relay.dispatchOnce()).as("a probe first").isEqualTo(1);
        assertThat(gate()).isEqualTo("open 0");
    }

    @Test
    void what_was_in_flight_when_it_was_held_neither_holds_it_longer_nor_lets_it_go() {
        ask(3);
        var claimed = relay.claim(10);
        assertThat(claimed).hasSize(3);
        crm.answers(401, "");
        ask(1);
        relay.dispatchOnce();
        assertThat(gate()).isEqualTo("status_401 1");

        relay.ledger()
                .settle(
                        List.of(
                                settlement(claimed.get(0), new SystemSignal.Good()),
                                settlement(
                                        claimed.get(1),
                                        new SystemSignal.AtFault(new HoldReason("tls")))));

        assertThat(gate()).isEqualTo("status_401 1");
    }

    @Test
    void two_replicas_send_one_probe() {
        crm.answers(401, "");
        ask(5);
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(11));
        try (var other = relay.replica()) {
            assertThat(relay.claim(10)).hasSize(1);
            assertThat(other.claim(10)).isEmpty();
            assertThat(relay.claim(10)).isEmpty();
        }
    }

    @Test
    void a_probe_whose_worker_died_is_followed_by_another_after_its_lease() {
        crm.answers(401, "");
        ask(5);
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(11));
        assertThat(relay.claim(10)).hasSize(1);

        relay.clock().advance(Duration.ofMinutes(2));
        crm.answers(200, "{\"outcome\":\"deleted\"}");

        assertThat(relay.dispatchOnce()).isEqualTo(1);
        assertThat(gate()).isEqualTo("open 0");
    }

    @Test
    void no_60_seconds_see_more_than_the_rate_across_replicas() {
        relay.register("systems: [{id: crm, rate_per_minute: 60, max_in_flight: 1000}]");
        ask(200);
        int inTheFirst60Seconds = 0;
        int inTheNext60Seconds = 0;
        try (var other = relay.replica()) {
            for (int half = 0; half < 240; half++) {
                int claimed = relay.claim(100).size() + other.claim(100).size();
                if (half < 120) {
                    inTheFirst60Seconds += claimed;
                } else {
                    inTheNext60Seconds += claimed;
                }
                relay.clock().advance(Duration.ofMillis(500));
            }
        }
        assertThat(inTheFirst60Seconds).isBetween(57, 60);
        assertThat(inTheNext60Seconds).isBetween(56, 60);
    }

    @Test
    void a_rate_below_one_a_minute_apart_is_kept_too() {
        relay.register("systems: [{id: crm, rate_per_minute: 1}]");
        ask(3);
        assertThat(relay.claim(10)).hasSize(1);
        relay.clock().advance(Duration.ofSeconds(60));
        assertThat(relay.claim(10)).isEmpty();
        relay.clock().advance(Duration.ofSeconds(2));
        assertThat(relay.claim(10)).hasSize(1);
    }

    @Test
    void a_pile_of_retries_leaves_room_for_first_attempts() {
        relay.register("systems: [{id: crm, max_in_flight: 8, rate_per_minute: 1000000}]");
        ask(50);
        relay.execute("UPDATE delivery SET step = 1");

        assertThat(relay.claim(1000)).as("a quarter is kept free of retries").hasSize(6);
        ask(3);
        var next = relay.claim(1000);
        assertThat(next).hasSize(2).allMatch(each -> each.step() == 0);
    }

    @Test
    void where_both_wait_one_in_four_is_a_retry() {
        relay.register("systems: [{id: crm, max_in_flight: 40, rate_per_minute: 1000000}]");
        ask(40);
        relay.execute("UPDATE delivery SET step = 1");
        ask(40);

        var retries = relay.claim(80).stream().filter(each -> each.step() == 1).count();

        assertThat(retries).isEqualTo(10);
    }

    @Test
    void one_system_takes_no_more_than_its_share_of_what_is_free_here() {
        try (var other = new FakeClientSystem("other")) {
            relay.register(
                    "systems:\n"
                            + crm.yaml("max_in_flight: 1000")
                            + other.yaml("max_in_flight: 1000")
                            + TestRelay.app(List.of("crm", "other")));
            ask(100);

            var first =
                    bySystem(
                            relay.ledger().claim(64, system -> 32, UUID.randomUUID()).deliveries());
            assertThat(first).containsEntry("crm", 32L).containsEntry("other", 32L);

            var crmId = new ClientSystemId("crm");
            var second =
                    bySystem(
                            relay.ledger()
                                    .claim(
                                            32,
                                            system -> system.equals(crmId) ? 0 : 16,
                                            UUID.randomUUID())
                                    .deliveries());
            assertThat(second).doesNotContainKey("crm").containsEntry("other", 16L);
        }
    }

    @Test
    void what_is_handed_back_is_due_at_once_and_no_attempt_was_made() {
        ask(3);
        var lease = UUID.randomUUID();
        var claimed = relay.ledger().claim(10, system -> 10, lease).deliveries();
        assertThat(claimed).hasSize(3);

        relay.ledger().handBack(lease, List.of(claimed.getFirst().id()));
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE lease_id IS NULL"))
                .isEqualTo(1);
        relay.ledger().handBack(lease);

        assertThat(relay.count("SELECT sum(attempts) FROM delivery")).isZero();
        assertThat(relay.claim(10)).hasSize(3).allMatch(each -> each.attempt() == 1);
    }

    @Test
    void a_probe_that_is_handed_back_can_be_sent_at_once() {
        crm.answers(401, "");
        ask(2);
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(11));
        var lease = UUID.randomUUID();
        assertThat(relay.ledger().claim(10, system -> 10, lease).deliveries()).hasSize(1);

        relay.ledger().handBack(lease);

        assertThat(relay.claim(10)).hasSize(1);
    }

    @Test
    void a_system_that_accepted_and_fell_silent_is_reminded_under_the_same_id_and_flagged() {
        relay.register("systems: [{id: crm, receipt_within: PT1H}]");
        crm.answers(202, "");
        var code = relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofMinutes(59));
        assertThat(relay.dispatchOnce()).isZero();

        relay.clock().advance(Duration.ofMinutes(2));
        assertThat(relay.dispatchOnce()).as("reminded").isEqualTo(1);
        assertThat(relay.dispatchOnce()).as("and given time again").isZero();
        assertThat(relay.count("SELECT reminders FROM delivery")).isEqualTo(1);
        assertThat(crm.received())
                .hasSize(2)
                .extracting(FakeClientSystem.Received::webhookId)
                .containsOnly(crm.received().getFirst().webhookId());
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("received");

        crm.answers(200, "{\"outcome\":\"deleted\"}");
        relay.clock().advance(Duration.ofMinutes(61));
        relay.dispatchOnce();
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
    }

    private void ask(int people) {
        for (int i = 0; i < people; i++) {
            relay.metaAsksToDelete(UUID.randomUUID().toString());
        }
    }

    private String gate() {
        return relay.texts(
                        "SELECT COALESCE(held_reason, 'open') || ' ' || hold_level FROM system_gate"
                                + " WHERE system_id = 'crm'")
                .getFirst();
    }

    private static Map<String, Long> bySystem(List<ClaimedDelivery> claimed) {
        return claimed.stream()
                .collect(
                        Collectors.groupingBy(
                                each -> each.system().value(), Collectors.counting()));
    }

    private static Settlement settlement(ClaimedDelivery delivery, SystemSignal conduct) {
        return new Settlement(
                delivery,
                new Attempt(
                        delivery.receivedAt(),
                        Duration.ZERO,
                        ReplyClass.TRY_AGAIN,
                        null,
                        null,
                        new byte[0]),
                new Settlement.Next.Postpone(delivery.receivedAt(), "test"),
                conduct);
    }

    @Test
    void a_lock_on_one_delivery_holds_up_no_other_result() throws Exception {
        // A call that takes longer than a busy machine needs is tried again by a clock that stands.
        relay.register("systems: [{id: crm, timeout: PT60S, rate_per_minute: 1000000}]");
        relay.metaAsksToDelete("first");
        var first = relay.texts("SELECT id::text FROM delivery").getFirst();
        try (var other = TestPostgres.connect(relay.address());
                var statement = other.createStatement()) {
            other.setAutoCommit(false);
            crm.answers(
                    aResponse()
                            .withStatus(200)
                            .withBody("{\"outcome\":\"deleted\"}")
                            .withFixedDelay(12_000));
            relay.dispatcher().start();
            await().atMost(Duration.ofMinutes(3)).until(() -> crm.received().size() == 1);
            statement.execute("SELECT 1 FROM delivery WHERE id = '" + first + "' FOR UPDATE");
            crm.answers(200, "{\"outcome\":\"deleted\"}");
            for (int i = 0; i < 20; i++) {
                relay.metaAsksToDelete("person-" + i);
            }
            relay.dispatcher().wake();

            await().atMost(Duration.ofMinutes(3))
                    .until(
                            () ->
                                    relay.count(
                                                    "SELECT count(*) FROM delivery WHERE state ="
                                                            + " 'closed' AND id <> '"
                                                            + first
                                                            + "'")
                                            == 20);
            other.rollback();
        }
        await().atMost(Duration.ofMinutes(3))
                .until(
                        () ->
                                relay.count(
                                                "SELECT count(*) FROM delivery WHERE state <>"
                                                        + " 'closed'")
                                        == 0);
    }
}
