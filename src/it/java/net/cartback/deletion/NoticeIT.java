package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;

class NoticeIT {

    private static final String USER = "10210123456789012";

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem deaf;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm");
        deaf = new FakeClientSystem("deaf");
        relay =
                new TestRelay()
                        .register(
                                "systems:\n"
                                        + crm.yaml("events: [deletion, deauthorization]")
                                        + deaf.yaml("")
                                        + TestRelay.app(java.util.List.of("crm", "deaf")));
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
        deaf.close();
    }

    @Test
    void a_deauthorization_goes_to_those_who_registered_for_it_and_any_2xx_ends_it() {
        crm.answers(202, "{\"outcome\": \"not an outcome\"}");
        var reply = relay.deauthorize(relay.signedRequest(USER));

        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(reply.body()).isEmpty();
        assertThat(relay.dispatchOnce()).isEqualTo(1);
        assertThat(deaf.received()).isEmpty();
        var message = crm.received().getFirst().body();
        assertThat(message)
                .contains("\"type\":\"deauthorization.received\"", "\"id\":\"" + USER + "\"")
                .doesNotContain("due_at", "receipt_url");
        assertThat(relay.texts("SELECT state || ' ' || outcome FROM delivery"))
                .containsExactly("closed delivered");
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NOT NULL"))
                .isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM receipt")).isZero();
    }

    @Test
    void the_same_notice_again_creates_nothing_and_is_no_repeat_of_a_deletion() {
        var signed = relay.signedRequest(USER);
        relay.deauthorize(signed);
        assertThat(relay.deauthorize(signed).statusCode()).isEqualTo(200);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(1);

        assertThat(relay.callback(signed).statusCode()).isEqualTo(200);
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE kind = 'deletion'"))
                .isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(3);
    }

    @Test
    void a_notice_that_nobody_takes_is_sent_again_and_ends_after_seven_days() {
        crm.answers(500, "");
        relay.deauthorize(relay.signedRequest(USER));
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(7));
        assertThat(relay.dispatchOnce()).isEqualTo(1);

        relay.clock().advance(Duration.ofDays(7));
        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(2);
        assertThat(relay.texts("SELECT state || ' ' || outcome FROM delivery"))
                .containsExactly("closed expired");
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NOT NULL"))
                .isEqualTo(1);
    }

    @Test
    void a_notice_cannot_be_answered_and_one_that_nobody_hears_is_done_with() {
        relay.deauthorize(relay.signedRequest(USER));
        var id = relay.texts("SELECT id::text FROM delivery").getFirst();
        assertThat(relay.receipt(id, crm.secret(), "{\"outcome\":\"deleted\"}").statusCode())
                .isEqualTo(404);

        relay.register("systems: [{id: crm, events: [deletion]}]");
        relay.deauthorize(relay.signedRequest("5"));
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM deletion_request WHERE open_deliveries = 0"
                                        + " AND closed_at IS NOT NULL"))
                .isEqualTo(1);
    }

    @Test
    void a_forged_notice_is_refused_as_a_forged_deletion_is() {
        var signed = relay.signedRequest(USER);
        var forged = (signed.charAt(0) == 'A' ? 'B' : 'A') + signed.substring(1);
        var reply = relay.deauthorize(forged);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("field").textValue()).isEqualTo("signed_request");
    }
}
