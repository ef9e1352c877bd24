package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A legal hold, and one extension, of one request. */
class HoldIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String LEGAL = "\"ground\": \"legal_claims\"";
    private static final Duration PAST_THE_GRACE = Duration.ofDays(36);
    private static final Duration PAST_THE_RECORD = Duration.ofDays(740);

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
    void what_is_held_is_not_sent_and_others_are_and_it_goes_on_when_it_is_released() {
        var code = relay.metaAsksToDelete("1001");
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        relay.clock().advance(Duration.ofSeconds(1));
        var other = relay.metaAsksToDelete("1002");
        for (int i = 0; i < 3; i++) {
            relay.dispatchOnce();
            relay.clock().advance(Duration.ofMinutes(10));
        }
        assertThat(crm.received()).hasSize(1);
        assertThat(relay.status(other).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(code).at("/hold/ground").textValue()).isEqualTo("legal_claims");
        assertThat(page(code))
                .contains(
                        "Your request is on hold",
                        "This data is needed to make, exercise or defend legal claims.");
        assertThat(Http.json(relay.admin("/systems/crm")).get("lag_seconds").longValue()).isZero();

        assertThat(act("release", "")).isEqualTo(200);
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(2);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(code).has("hold")).isFalse();
        assertThat(page(code)).doesNotContain("Your request is on hold", "On hold since");
    }

    @Test
    void a_retry_waits_for_the_end_of_the_hold_too() {
        crm.failsThenAnswers(1, 200, DELETED);
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        relay.clock().advance(Duration.ofDays(1));
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(1);
        act("release", "");
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(2);
    }

    @Test
    void nothing_of_it_is_erased_or_dropped_until_it_is_released() {
        var code = relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        assertThat(page(code)).contains("says that it has deleted it", "On hold since");

        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(held()).isEqualTo(1);
        assertThat(relay.count("SELECT count(note_sealed) FROM operator_action")).isEqualTo(1);
        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();
        assertThat(held()).isEqualTo(1);

        assertThat(act("release", "")).isEqualTo(200);
        relay.clock().advance(Duration.ofDays(2));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
        assertThat(relay.count("SELECT count(*) FROM operator_action")).isZero();
    }

    @Test
    void what_is_erased_already_cannot_be_held() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(held()).isZero();
        assertThat(act("hold", LEGAL)).isEqualTo(409);
        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
    }

    @Test
    void what_is_held_while_the_sweep_is_looking_is_not_erased() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(PAST_THE_GRACE);
        // Whoever looks for holds waits for one, and sees those that there were when it began.
        relay.execute(
                """
                ALTER TABLE legal_hold RENAME TO kept_hold;
                CREATE FUNCTION pause() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
                    BEGIN
                        WHILE NOT EXISTS (SELECT FROM kept_hold) LOOP
                            PERFORM pg_sleep(0.05);
                        END LOOP;
                    END
                $$;
                CREATE VIEW legal_hold AS
                    WITH pause AS MATERIALIZED (SELECT pause())
                    SELECT kept_hold.* FROM pause, kept_hold;
                GRANT SELECT ON legal_hold TO PUBLIC
                """);
        relay.waitsForEver();
        var sweep = CompletableFuture.runAsync(() -> relay.retention().sweepIfDue());
        await().atMost(Duration.ofMinutes(2))
                .until(
                        () ->
                                relay.count(
                                                "SELECT count(*) FROM pg_stat_activity WHERE"
                                                        + " datname = current_database() AND"
                                                        + " wait_event = 'PgSleep'")
                                        > 0);
        relay.execute(
                """
                WITH locked AS (SELECT id FROM deletion_request FOR NO KEY UPDATE)
                INSERT INTO kept_hold SELECT id, 'legal_claims', now() FROM locked
                """);
        sweep.join();
        assertThat(held()).isEqualTo(1);
    }

    @Test
    void what_is_on_hold_does_not_count_as_kept_too_long() {
        relay.metaAsksToDelete("1001");
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(relay.scrape()).contains("relay_retention_oldest_personal_data_seconds 0.0");
        act("release", "");
        relay.clock().advance(Duration.ofDays(2));
        relay.retention().sweepIfDue();
        assertThat(relay.scrape())
                .doesNotContain("relay_retention_oldest_personal_data_seconds 0.0");
    }

    @Test
    void a_request_that_nobody_can_be_asked_about_is_completed_by_hand() {
        relay.register(TestRelay.app(List.of()));
        var code = relay.metaAsksToDelete("1001");
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        assertThat(act("close-unconfirmed", "")).isEqualTo(409);
        act("release", "");
        assertThat(act("close-unconfirmed", "")).isEqualTo(200);
        assertThat(act("close-unconfirmed", "")).isEqualTo(409);
        var status = relay.status(code);
        assertThat(status.get("state").textValue()).isEqualTo("completed");
        assertThat(status.get("outcome").textValue()).isEqualTo("partly_confirmed");
        assertThat(page(code))
                .contains("there was nobody to ask", "we could ask nobody to delete your data");
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(held()).isZero();
    }

    @Test
    void whoever_asks_again_after_that_is_deleted_where_there_is_a_system_now() {
        relay.register(TestRelay.app(List.of()));
        var wish =
                new NewRequest(
                        Kind.DELETION,
                        new Origin.MetaCallback(
                                new MetaAppId(TestRelay.APP_ID),
                                Platform.FACEBOOK,
                                new UUID(0, 0),
                                null),
                        new MetaUser("1001", IdType.APP_SCOPED_USER_ID));
        relay.recordings().record(wish);
        assertThat(relay.recordings().record(wish)).isInstanceOf(RecordedRequest.Repeated.class);
        assertThat(act("close-unconfirmed", "")).isEqualTo(200);
        relay.register(crm);
        assertThat(relay.recordings().record(wish)).isInstanceOf(RecordedRequest.Created.class);
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(1);
    }

    @Test
    void what_a_system_has_still_to_answer_is_not_completed_as_a_whole() {
        relay.metaAsksToDelete("1001");
        assertThat(act("close-unconfirmed", "")).isEqualTo(409);
    }

    @Test
    void a_client_that_is_silent_is_not_reminded_and_nothing_is_closed_for_it() {
        crm.answers(202, "");
        var code = relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        relay.clock().advance(Duration.ofDays(20));
        relay.dispatchOnce();
        assertThat(relay.count("SELECT sum(reminders) FROM delivery")).isZero();
        var all = "/systems/crm/close-unconfirmed";
        assertThat(Http.json(relay.admin(all, "")).get("deliveries").intValue()).isZero();
        var delivery = relay.texts("SELECT id::text FROM delivery").getFirst();
        var one = "/deliveries/" + delivery + "/close-unconfirmed";
        assertThat(relay.admin(one, "").statusCode()).isEqualTo(409);
        assertThat(relay.status(code).get("completed_at").isNull()).isTrue();

        act("release", "");
        relay.dispatchOnce();
        relay.dispatchOnce();
        assertThat(relay.count("SELECT sum(reminders) FROM delivery")).isEqualTo(1);
        assertThat(Http.json(relay.admin(all, "")).get("deliveries").intValue()).isEqualTo(1);
    }

    @Test
    void its_time_is_extended_once_and_the_person_is_told() {
        var code = relay.metaAsksToDelete("1001");
        var due = relay.status(code).get("due_at").textValue();

        assertThat(act("extend", "\"ground\": \"complexity\", \"days\": 30")).isEqualTo(200);
        var status = relay.status(code);
        assertThat(status.at("/extension/was_due_at").textValue()).isEqualTo(due);
        assertThat(status.at("/extension/ground").textValue()).isEqualTo("complexity");
        relay.clock().advance(Duration.ofDays(31));
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("received");
        assertThat(page(code))
                .contains("Time extended on", "needs more time because it is complex.");
        assertThat(act("extend", "\"ground\": \"complexity\", \"days\": 60")).isEqualTo(409);
        relay.clock().advance(Duration.ofDays(30));
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("delayed");
    }

    @Test
    void it_cannot_be_extended_when_it_is_overdue_or_completed() {
        relay.metaAsksToDelete("1001");
        relay.clock().advance(Duration.ofDays(31));
        assertThat(act("extend", "\"ground\": \"complexity\", \"days\": 60")).isEqualTo(409);
        relay.dispatchOnce();
        assertThat(act("extend", "\"ground\": \"complexity\", \"days\": 60")).isEqualTo(409);
    }

    @Test
    void what_does_not_fit_is_refused_and_all_that_was_done_is_written_down() {
        relay.metaAsksToDelete("1001");
        assertThat(act("release", "")).isEqualTo(409);
        assertThat(act("hold", "\"ground\": \"identity_not_established\"")).isEqualTo(400);
        assertThat(act("hold", "\"ground\": \"because\"")).isEqualTo(400);
        assertThat(act("hold", "")).isEqualTo(400);
        assertThat(act("extend", "\"ground\": \"complexity\", \"days\": 61")).isEqualTo(400);
        assertThat(act("hold", LEGAL)).isEqualTo(200);
        assertThat(act("hold", LEGAL)).isEqualTo(409);
        assertThat(act("extend", "\"ground\": \"complexity\"")).isEqualTo(400);
        assertThat(act("extend", "\"ground\": \"number_of_requests\", \"days\": 60"))
                .isEqualTo(200);
        assertThat(act("release", "")).isEqualTo(200);
        assertThat(
                        relay.admin("/requests/01a20b37-6818-742c-a798-ff2abbc8b3f3/hold", LEGAL)
                                .statusCode())
                .isEqualTo(404);

        var request = Http.json(relay.admin("/requests/" + request()));
        assertThat(request.get("actions")).hasSize(3);
        assertThat(request.at("/actions/0/why").textValue()).isEqualTo("a test");
        assertThat(
                        relay.texts(
                                "SELECT concat_ws(' ', actor, event, detail) FROM audit WHERE"
                                        + " request_id IS NOT NULL AND actor LIKE 'operator%' ORDER"
                                        + " BY id"))
                .containsExactly(
                        "operator:configured request.held legal_claims",
                        "operator:configured operator.hold",
                        "operator:configured request.extended number_of_requests",
                        "operator:configured request.changed",
                        "operator:configured operator.extend",
                        "operator:configured request.released legal_claims",
                        "operator:configured operator.release");
    }

    @Test
    void a_notice_is_not_held() {
        relay.register("systems: [{id: crm, events: [deletion, deauthorization]}]\n");
        relay.deauthorize(relay.signedRequest("1001"));
        assertThat(act("hold", LEGAL)).isEqualTo(409);
        assertThat(act("close-unconfirmed", "")).isEqualTo(409);
    }

    private long held() {
        return relay.count("SELECT count(subject_sealed) FROM deletion_request");
    }

    private String request() {
        return relay.texts("SELECT id::text FROM deletion_request ORDER BY id").getFirst();
    }

    private int act(String verb, String fields) {
        return relay.admin("/requests/" + request() + "/" + verb, fields).statusCode();
    }

    private String page(String code) {
        return Http.send(relay.statusRequest(code, "text/html")).body();
    }
}
