package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

/** A client system that was held goes on as soon as somebody says, or shows, that it is mended. */
class MendedIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";

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
    @ValueSource(
            strings = {
                "url: \"%s?new=1\"",
                "secrets: [{value: \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}]",
                "tls: \"1.2\"",
                "answers: {410: nothing_found}",
                "timeout: PT30S"
            })
    void a_change_of_its_entry_lets_a_probe_go_at_once(String field) {
        holdLong();

        relay.register("systems: [{id: crm, " + field.formatted(crm.url()) + "}]");
        assertThat(system().get("held_reason").textValue()).isEqualTo("resuming");
        assertGoesOn();
    }

    /** Each replica has a copy of the registry, and reads it anew every few seconds. */
    @Test
    void a_probe_goes_to_the_new_address_also_from_a_replica_that_has_not_read_it_yet() {
        holdLong();
        try (var moved = new FakeClientSystem("moved").answers(200, DELETED);
                var another = relay.replica()) {
            int before = crm.received().size();
            another.register("systems: [{id: crm, url: \"" + moved.url() + "\"}]");

            assertThat(relay.dispatchOnce()).as("a probe").isEqualTo(1);
            assertThat(moved.received()).hasSize(1);
            assertThat(crm.received()).hasSize(before);
        }
    }

    @Test
    void the_same_entry_again_is_no_change_and_changes_nothing() {
        holdLong();
        var until = system().get("held_until").textValue();

        relay.register(crm);
        assertThat(system().get("held_until").textValue()).isEqualTo(until);
        assertThat(relay.dispatchOnce()).isZero();
    }

    @Test
    void a_change_of_one_system_is_no_news_of_another() {
        holdLong();
        try (var news = new FakeClientSystem("news")) {
            relay.register(crm, news);
            relay.register("systems: [{id: news, timeout: PT30S}]");
            assertThat(system().get("held_reason").textValue()).isEqualTo("status_404");
        }
    }

    @Test
    void a_good_test_lets_a_probe_go_and_a_bad_one_does_not() {
        holdLong();
        relay.admin("/systems/crm/tests", "");
        relay.dispatchOnce();
        assertThat(system().get("held_reason").textValue()).isEqualTo("status_404");

        crm.answers(200, DELETED);
        relay.admin("/systems/crm/tests", "");
        assertThat(relay.dispatchOnce()).as("a test, and a probe").isEqualTo(1);
        assertThat(relay.dispatchOnce()).as("the others").isEqualTo(2);
        assertThat(system().get("held_reason").isNull()).isTrue();
    }

    @Test
    void resume_ends_a_hold_that_no_operator_began() {
        holdLong();
        assertThat(relay.admin("/systems/crm/resume", "").statusCode()).isEqualTo(200);
        assertThat(relay.texts("SELECT verb FROM operator_action")).containsExactly("resume");
        assertGoesOn();
    }

    @Test
    void a_probe_that_fails_again_holds_for_as_short_as_the_first_time() {
        holdLong();
        relay.admin("/systems/crm/resume", "");
        assertThat(relay.dispatchOnce()).isEqualTo(1);
        assertThat(system().get("held_reason").textValue()).isEqualTo("status_404");

        relay.clock().advance(Duration.ofSeconds(11));
        assertThat(relay.dispatchOnce()).as("a probe").isEqualTo(1);
    }

    @Test
    void what_a_probe_said_that_was_sent_before_the_change_is_no_news() {
        holdLong();
        relay.clock().advance(Duration.ofMinutes(16));
        var probe = relay.claim(10);
        assertThat(probe).hasSize(1);
        relay.register("systems: [{id: crm, timeout: PT30S}]");
        crm.answers(200, DELETED);

        assertThat(relay.dispatchOnce()).as("a probe of what it is now").isEqualTo(1);
        assertThat(system().get("held_reason").isNull()).isTrue();
    }

    @Test
    void a_resumed_system_with_nothing_due_is_open() {
        relay.admin("/systems/crm/pause", "");
        relay.admin("/systems/crm/resume", "");
        assertThat(system().get("held_reason").textValue()).isEqualTo("resuming");
        relay.ledger().sweep();
        assertThat(system().get("held_reason").isNull()).isTrue();
        assertThat(system().get("held_until").isNull()).isTrue();
    }

    @Test
    void a_resumed_system_whose_deliveries_are_all_on_legal_hold_is_open() {
        relay.admin("/systems/crm/pause", "");
        relay.metaAsksToDelete("held");
        for (var each : relay.texts("SELECT id::text FROM deletion_request")) {
            assertThat(
                            relay.admin(
                                            "/requests/" + each + "/hold",
                                            "\"ground\": \"legal_claims\"")
                                    .statusCode())
                    .isEqualTo(200);
        }
        relay.admin("/systems/crm/resume", "");
        assertThat(relay.dispatchOnce()).as("what is on hold").isZero();
        relay.ledger().sweep();
        assertThat(system().get("held_reason").isNull()).isTrue();
    }

    @Test
    void a_failing_system_whose_deliveries_wait_for_their_next_try_is_probed_when_it_comes() {
        holdLong();
        relay.execute("UPDATE delivery SET step = 8, next_attempt_at = '2027-06-01T00:00:00Z'");
        relay.clock().advance(Duration.ofMinutes(16));
        relay.ledger().sweep();
        assertThat(system().get("held_reason").textValue()).isEqualTo("status_404");

        relay.execute("UPDATE delivery SET state = 'parked', next_attempt_at = NULL");
        relay.ledger().sweep();
        assertThat(system().get("held_reason").isNull()).as("nothing can probe it").isTrue();
    }

    @Test
    void a_verb_that_would_change_nothing_says_so_and_keeps_no_action() {
        var resume = relay.admin("/systems/crm/resume", "");
        assertThat(resume.statusCode()).isEqualTo(409);
        assertThat(Http.json(resume).get("detail").textValue())
                .contains("The system is not held back", "replay", "tests");

        assertThat(relay.admin("/systems/crm/pause", "").statusCode()).isEqualTo(200);
        var pause = relay.admin("/systems/crm/pause", "");
        assertThat(pause.statusCode()).isEqualTo(409);
        assertThat(Http.json(pause).get("detail").textValue()).contains("resume ends it");
        assertThat(relay.count("SELECT count(*) FROM operator_action")).isEqualTo(1);
    }

    /** Many probes have failed, so the next one would wait for a quarter of an hour. */
    private void holdLong() {
        crm.answers(404, "");
        for (int i = 0; i < 3; i++) {
            relay.callback(relay.signedRequest("held" + i));
        }
        relay.dispatchOnce();
        for (int i = 0; i < 8; i++) {
            relay.clock().advance(Duration.ofMinutes(15).plusSeconds(1));
            relay.dispatchOnce();
        }
        assertThat(relay.count("SELECT hold_level FROM system_gate")).isGreaterThan(6);
        assertThat(relay.dispatchOnce()).isZero();
    }

    private void assertGoesOn() {
        crm.answers(200, DELETED);
        assertThat(relay.dispatchOnce()).as("a probe").isEqualTo(1);
        assertThat(relay.dispatchOnce()).as("the others").isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state <> 'closed'")).isZero();
        assertThat(system().get("held_reason").isNull()).isTrue();
    }

    private JsonNode system() {
        return Http.json(relay.admin("/systems/crm"));
    }
}
