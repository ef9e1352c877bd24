package net.cartback.deletion;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.calendar.BusinessDays;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/** What people ask for otherwise than through Meta, entered by an operator. */
class CasesIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String VERIFIED_EMAIL =
            "{\"type\": \"email\", \"value\": \"dana@example.com\", \"verified\":"
                    + " \"operator_letter\"}";
    private static final String SOMEBODYS_NAME =
            "{\"type\": \"instagram_username\", \"value\": \"@alice.example\"}";

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem news;
    private FakeClientSystem shop;

    /** The CRM finds people by e-mail and at Instagram, the newsletter by phone, the shop not. */
    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(200, DELETED);
        news = new FakeClientSystem("news").answers(200, DELETED);
        shop = new FakeClientSystem("shop").answers(200, DELETED);
        relay = new TestRelay().register(crm, news, shop);
        relay.register(
                """
                systems:
                  - {id: crm, events: [deletion, person], accepts: [email, instagram_username]}
                  - {id: news, events: [deletion, person], accepts: [phone]}
                """);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
        news.close();
        shop.close();
    }

    @Test
    void a_system_is_told_of_whom_it_can_find_and_by_what_it_accepts_alone() {
        var entered =
                enter(
                        VERIFIED_EMAIL,
                        SOMEBODYS_NAME,
                        "{\"type\": \"full_name\", \"value\": \"Dana Example\"}");

        relay.dispatchOnce();

        var data = Http.json(crm.received().getFirst().body()).get("data");
        assertThat(Http.json(crm.received().getFirst().body()).get("type").textValue())
                .isEqualTo("person.requested");
        assertThat(data.get("app_id").textValue()).isEqualTo(TestRelay.APP_ID);
        assertThat(data.get("right").textValue()).isEqualTo("erasure");
        assertThat(data.at("/subject/identifiers"))
                .hasToString(
                        "[{\"type\":\"email\",\"value\":\"dana@example.com\",\"verified\":"
                                + "\"operator_letter\"},{\"type\":\"instagram_username\","
                                + "\"value\":\"alice.example\",\"verified\":null}]");
        assertThat(crm.received().getFirst().body()).doesNotContain("Dana Example");
        assertThat(news.received()).as("accepts nothing that is verified").isEmpty();
        assertThat(shop.received()).as("hears of no persons").isEmpty();
        var status = relay.status(code(entered));
        assertThat(status.get("state").textValue()).isEqualTo("completed");
        assertThat(status.get("outcome").textValue()).isEqualTo("deleted");
        assertThat(status.at("/systems/total").intValue()).isEqualTo(1);
    }

    @Test
    void nothing_found_is_said_of_those_who_were_asked_and_not_of_all() {
        crm.answers(200, "{\"outcome\":\"nothing_found\"}");
        var code = code(enter(VERIFIED_EMAIL));
        relay.dispatchOnce();

        assertThat(Http.send(relay.statusRequest(code, "text/html")).body())
                .contains(
                        "Every organisation that we asked says that it found no data about"
                                + " you</h1>",
                        "We ask only organisations that can search by what we have checked.")
                .doesNotContain("Organisations that may hold data");
    }

    @Test
    void who_was_closed_before_it_was_asked_is_told_as_not_asked() {
        var code = code(enter(VERIFIED_EMAIL));
        relay.register("systems: [{id: crm, events: [deletion], accepts: [email]}]");
        relay.dispatchOnce();
        var delivery = relay.texts("SELECT id::text FROM delivery").getFirst();
        assertThat(relay.admin("/deliveries/" + delivery + "/close-unconfirmed", "").statusCode())
                .isEqualTo(200);

        assertThat(Http.send(relay.statusRequest(code, "text/html")).body())
                .contains("We could not ask it.")
                .doesNotContain("can no longer be reached");
    }

    @Test
    void the_page_says_that_it_did_not_come_through_meta_and_shows_no_identifier() {
        var code = code(enter(VERIFIED_EMAIL));

        var page = Http.send(relay.statusRequest(code, "text/html")).body();
        assertThat(page)
                .contains("reached us directly, not through Meta")
                .doesNotContain("dana@example", "operator_letter");
        assertThat(relay.status(code).toString()).doesNotContain("dana@example");
    }

    @Test
    void the_same_in_another_spelling_is_the_same_wish_and_with_a_name_it_is_another() {
        var first = enter(VERIFIED_EMAIL);
        var again = enter(VERIFIED_EMAIL.replace("dana@example.com", "Dana@EXAMPLE.com"));
        assertThat(again.at("/requests/0/created").booleanValue()).isFalse();
        assertThat(code(again)).isEqualTo(code(first));

        // Two people may share an address: the name says which of them is meant.
        var withName = enter(SOMEBODYS_NAME, VERIFIED_EMAIL);
        assertThat(withName.at("/requests/0/created").booleanValue()).isTrue();
        var other = enter(VERIFIED_EMAIL.replace("dana", "alice"));
        assertThat(other.at("/requests/0/created").booleanValue()).isTrue();

        relay.dispatchOnce();
        assertThat(relay.status(code(first)).get("state").textValue()).isEqualTo("completed");
        assertThat(crm.received()).hasSize(3);
        assertThat(enter(VERIFIED_EMAIL).at("/requests/0/created").booleanValue())
                .as("what is closed is asked again")
                .isTrue();
    }

    @Test
    void a_letter_is_due_from_the_day_on_which_it_came() {
        var received = relay.clock().instant().minus(20, ChronoUnit.DAYS);
        var entered = Http.json(post("\"" + received + "\"", VERIFIED_EMAIL));

        var status = relay.status(code(entered));
        assertThat(status.get("received_at").textValue()).isEqualTo(received.toString());
        assertThat(Instant.parse(status.get("due_at").textValue()))
                .isBefore(relay.clock().instant().plus(11, ChronoUnit.DAYS));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"channel\": \"letter\"|\"channel\": \"pigeon\"|channel must be email or phone or"
                        + " letter or in_person or other",
                "\"right\": \"erasure\"|\"right\": \"revenge\"|right must be erasure",
                "\"apps\": [\"1234567890\"]|\"apps\": []|apps must be a list of 1 to 20",
                "\"apps\": [\"1234567890\"]|\"apps\": [\"77\"]|apps must hold ids of registered"
                        + " apps",
                "\"apps\": [\"1234567890\"]|\"apps\": [\"1234567890\", \"1234567890\"]|apps must"
                        + " hold each id once",
                "\"email\"|\"fax\"|identifiers[0].type must be one of email, phone,",
                "dana@example.com|dana at example|identifiers[0].value must be an e-mail address",
                "dana@example.com|d@a@example.com|identifiers[0].value must be an e-mail address",
                "dana@example.com|dana@localhost|identifiers[0].value must be an e-mail address",
                "dana@example.com|dana@example.com\\n"
                        + "Bcc: x@y.z|identifiers[0].value must be an e-mail address",
                "operator_letter|mail_link|identifiers[0].verified must be null or one of"
                        + " operator_call_back,",
                "\"operator_letter\"|null|identifiers must hold at least one that is verified",
                "\"verified\"|\"proven\"|identifiers[0] may hold only type, value and verified",
                "\"email\"|\"full_name\"|identifiers[0].verified must be null: many people share a"
                        + " full_name",
                "\"right\"|\"rigth\"|rigth is no field of this body"
            })
    void what_is_wrong_is_named_and_nothing_is_recorded(
            String right, String wrong, String message) {
        var body = fields("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL);
        assertThat(body).contains(right);

        var reply = entered(body.replace(right, wrong));

        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
        assertThat(Http.json(reply).get("detail").textValue()).startsWith(message);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
        assertThat(relay.count("SELECT count(*) FROM person_case")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"PT1S,must not be in the future", "-P366D,must be in the last 365 days"})
    void a_wish_is_not_of_the_future_nor_of_long_ago(Duration later, String rule) {
        var reply = post("\"" + relay.clock().instant().plus(later) + "\"", VERIFIED_EMAIL);

        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("detail").textValue()).isEqualTo("received_at " + rule);
    }

    @Test
    void a_system_that_comes_later_hears_of_whom_it_can_find() {
        var code = code(enter(VERIFIED_EMAIL, phone("operator_call_back")));
        relay.dispatchOnce();
        assertThat(news.received()).hasSize(1);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        crm.answers(202, "");
        var open = code(enter(VERIFIED_EMAIL));
        relay.dispatchOnce();

        relay.register(
                "systems: [{id: news, events: [deletion, person], accepts: [phone, email]}]");
        relay.register("systems: [{id: shop, events: [person], accepts: [phone]}]");
        relay.backfill().fillOpenRequests();
        relay.dispatchOnce();

        assertThat(relay.status(open).at("/systems/total").intValue()).isEqualTo(2);
        assertThat(news.received()).hasSize(2);
        assertThat(shop.received()).isEmpty();
    }

    @Test
    void whom_a_system_can_no_longer_find_it_is_not_told_of() {
        enter(VERIFIED_EMAIL);
        relay.register("systems: [{id: crm, events: [person], accepts: [instagram_username]}]");

        relay.dispatchOnce();

        assertThat(crm.received()).isEmpty();
        assertThat(relay.texts("SELECT state || ' ' || reason FROM delivery"))
                .containsExactly("parked no_identifier");
    }

    @Test
    void somebody_whom_no_system_can_find_is_asked_for_as_soon_as_one_can() {
        var entered =
                enter(
                        "{\"type\": \"threads_username\", \"value\": \"dana\", \"verified\":"
                                + " \"operator_in_person\"}");
        relay.dispatchOnce();
        var page = Http.send(relay.statusRequest(code(entered), "text/html")).body();
        assertThat(page).contains("nobody");
        assertThat(relay.status(code(entered)).get("state").textValue()).isEqualTo("received");

        relay.register("systems: [{id: crm, events: [person], accepts: [threads_username]}]");
        relay.backfill().fillOpenRequests();
        relay.dispatchOnce();
        assertThat(relay.status(code(entered)).get("outcome").textValue()).isEqualTo("deleted");
    }

    @Test
    void each_app_that_is_named_gets_a_request_and_no_other() {
        relay.register(
                "apps: [{id: \"77\", name: Other, secrets: [{value: 5f0c6a8e9b1d4c37}], systems:"
                        + " [crm]}, {id: \"78\", name: Third, secrets: [{value:"
                        + " 5f0c6a8e9b1d4c38}], systems: [crm]}]");
        var reply =
                entered(
                        fields("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL)
                                .replace("\"1234567890\"", "\"77\", \"1234567890\""));
        assertThat(reply.statusCode()).isEqualTo(201);

        relay.dispatchOnce();

        assertThat(crm.received())
                .extracting(each -> Http.json(each.body()).at("/data/app_id").textValue())
                .containsExactlyInAnyOrder("77", TestRelay.APP_ID);
        assertThat(Http.json(reply).get("requests").findValuesAsText("confirmation_code"))
                .doesNotHaveDuplicates()
                .hasSize(2);
    }

    @Test
    void nothing_personal_is_readable_and_all_of_it_ends_with_the_request() {
        var entered = enter(VERIFIED_EMAIL, SOMEBODYS_NAME);
        relay.dispatchOnce();
        for (var each : List.of("dana@example.com", "alice.example")) {
            assertThat(
                            relay.count(
                                    "SELECT count(*) FROM deletion_request WHERE position('"
                                            + each
                                            + "'::bytea IN subject_sealed) > 0"))
                    .isZero();
        }
        var at = "/cases/" + entered.get("id").textValue();
        assertThat(Http.json(relay.admin(at)).get("request_ids")).hasSize(1);

        relay.clock().advance(Duration.ofDays(36));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();

        relay.clock().advance(Duration.ofDays(740));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
        assertThat(relay.count("SELECT count(*) FROM person_case")).isZero();
        assertThat(relay.admin(at).statusCode()).isEqualTo(404);
    }

    @Test
    void a_case_of_two_apps_stays_until_the_last_of_its_requests_is_dropped() {
        relay.register(
                "apps: [{id: \"77\", name: Other, secrets: [{value: 5f0c6a8e9b1d4c37}], systems:"
                        + " []}]");
        var reply =
                entered(
                        fields("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL)
                                .replace("\"1234567890\"", "\"77\", \"1234567890\""));
        assertThat(reply.statusCode()).isEqualTo(201);
        relay.dispatchOnce();
        // The other app has no system yet: its request is open.
        relay.clock().advance(Duration.ofDays(800));
        relay.retention().sweepIfDue();
        relay.clock().advance(Duration.ofDays(2));
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
        assertThat(relay.count("SELECT count(*) FROM person_case")).isOne();
        assertThat(relay.count("SELECT count(*) FROM case_request")).isOne();
    }

    @Test
    void cases_are_listed_page_by_page_in_both_directions() {
        for (int i = 0; i < 3; i++) {
            enter(VERIFIED_EMAIL.replace("dana", "dana" + i));
            relay.clock().advance(Duration.ofSeconds(1));
        }
        var first = Http.json(relay.admin("/cases?limit=2"));
        var last = Http.json(relay.admin("/cases?limit=2&after=" + first.get("next").textValue()));
        assertThat(first.get("cases")).hasSize(2);
        assertThat(last.get("cases")).hasSize(1);
        assertThat(last.get("next").isNull()).isTrue();
        assertThat(Http.json(relay.admin("/cases?order=newest")).at("/cases/0/id"))
                .isEqualTo(last.at("/cases/0/id"));
    }

    @Test
    void nothing_is_entered_while_a_replica_runs_that_does_not_know_persons() {
        relay.execute(
                "INSERT INTO replica (id, started_at, seen_at, kids, knows_schema) VALUES"
                        + " (gen_random_uuid(), now(), '"
                        + relay.clock().instant()
                        + "', '{}', 22)");

        var reply = post("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL);

        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(409);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
    }

    @Test
    void the_verb_stands_with_who_and_why_and_the_trail_names_who() {
        var entered = enter(VERIFIED_EMAIL);
        var request = entered.at("/requests/0/request_id").textValue();

        var actions = Http.json(relay.admin("/requests/" + request)).get("actions");
        assertThat(actions.at("/0/verb").textValue()).isEqualTo("enter");
        assertThat(actions.at("/0/why").textValue()).isEqualTo("a test");
        assertThat(
                        relay.texts(
                                "SELECT actor || ' ' || event FROM audit WHERE request_id = '"
                                        + request
                                        + "' ORDER BY id"))
                .contains("operator:configured operator.enter");
    }

    @Test
    void who_was_not_told_in_five_business_days_is_named_until_it_is_entered() {
        var entered = enter(VERIFIED_EMAIL);
        var at = "/cases/" + entered.get("id").textValue();
        var by = Instant.parse(entered.get("acknowledge_by").textValue());
        assertThat(by)
                .isEqualTo(BusinessDays.USUAL.endOf(relay.clock().instant(), 5))
                .isBetween(
                        relay.clock().instant().plus(5, ChronoUnit.DAYS),
                        relay.clock().instant().plus(8, ChronoUnit.DAYS));
        assertThat(causes()).doesNotContain("unacknowledged");

        relay.clock().advance(Duration.between(relay.clock().instant(), by).minusHours(47));
        assertThat(causes()).contains("unacknowledged");
        assertThat(Http.json(relay.admin("/cases?unacknowledged=true")).get("cases")).hasSize(1);

        var acknowledged = relay.admin(at + "/acknowledge", "");
        assertThat(acknowledged.statusCode()).as(acknowledged.body()).isEqualTo(200);
        assertThat(Http.json(acknowledged).get("acknowledged_at").textValue())
                .isEqualTo(relay.clock().instant().toString());
        assertThat(causes()).doesNotContain("unacknowledged");
        assertThat(Http.json(relay.admin("/cases?unacknowledged=true")).get("cases")).isEmpty();
        assertThat(relay.admin(at + "/acknowledge", "").statusCode()).isEqualTo(409);
    }

    @Test
    void it_is_acknowledged_after_it_has_come_and_not_in_the_future() {
        var at = "/cases/" + enter(VERIFIED_EMAIL).get("id").textValue() + "/acknowledge";
        var now = relay.clock().instant();

        assertThat(relay.admin(at, acknowledged(now.plusSeconds(1))).statusCode()).isEqualTo(400);
        assertThat(relay.admin(at, acknowledged(now.minusSeconds(1))).statusCode()).isEqualTo(409);
        assertThat(relay.admin(at, acknowledged(now)).statusCode()).isEqualTo(200);
        assertThat(relay.admin("/cases/" + UUID.randomUUID() + "/acknowledge", "").statusCode())
                .isEqualTo(404);

        var told =
                entered(
                        fields(
                                        "\"" + now + "\"",
                                        VERIFIED_EMAIL + ", " + phone("operator_call_back"))
                                + ", "
                                + acknowledged(now));
        assertThat(Http.json(told).get("acknowledged_at").textValue()).isEqualTo(now.toString());
        assertThat(
                        entered(
                                        fields("\"" + now + "\"", VERIFIED_EMAIL)
                                                + ", "
                                                + acknowledged(now.minusSeconds(1)))
                                .statusCode())
                .isEqualTo(400);
    }

    @Test
    void people_whom_nobody_can_find_are_named() {
        enter(
                "{\"type\": \"threads_username\", \"value\": \"dana\", \"verified\":"
                        + " \"operator_in_person\"}");
        assertThat(causes()).contains("nobody_asked");

        relay.register("systems: [{id: crm, events: [person], accepts: [threads_username]}]");
        relay.backfill().fillOpenRequests();
        assertThat(causes()).doesNotContain("nobody_asked");
    }

    @Test
    void a_case_is_sent_under_a_key_and_is_one_however_often_it_is_sent() {
        var fields = fields("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL);
        var without = relay.admin("/cases", fields);
        assertThat(without.statusCode()).isEqualTo(400);
        assertThat(Http.json(without).get("detail").textValue())
                .startsWith("Idempotency-Key is required");

        var first = relay.adminOnce("/cases", "letter-1", fields);
        relay.dispatchOnce();
        var again = relay.adminOnce("/cases", "letter-1", fields);
        assertThat(again.statusCode()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(relay.count("SELECT count(*) FROM person_case")).isOne();
    }

    @Test
    void an_earlier_letter_that_is_found_later_makes_it_due_earlier() {
        var now = relay.clock().instant();
        var code = code(enter(VERIFIED_EMAIL));
        var later = Http.json(post("\"" + now.minus(20, ChronoUnit.DAYS) + "\"", VERIFIED_EMAIL));

        assertThat(code(later)).isEqualTo(code);
        var status = relay.status(code);
        assertThat(status.get("received_at").textValue())
                .isEqualTo(now.minus(20, ChronoUnit.DAYS).toString());
        assertThat(Instant.parse(status.get("due_at").textValue()))
                .isBefore(now.plus(11, ChronoUnit.DAYS));
        // Who entered the second, and why, is kept too.
        var request = later.at("/requests/0/request_id").textValue();
        assertThat(Http.json(relay.admin("/requests/" + request)).get("actions")).hasSize(2);
    }

    @Test
    void a_delivery_is_of_the_day_on_which_it_was_made_whenever_the_letter_came() {
        var received = relay.clock().instant().minus(200, ChronoUnit.DAYS);
        post("\"" + received + "\"", VERIFIED_EMAIL);
        assertThat(
                        relay.texts(
                                "SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM"
                                        + " delivery"))
                .containsExactly(relay.clock().instant().toString().substring(0, 10));
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"200, ", "202, accepted", "404, ", "410, "})
    void what_is_agreed_for_bare_statuses_holds_for_deletions_alone(int status, String body) {
        relay.register(
                "systems: [{id: crm, events: [deletion, person], accepts: [email], ack_means:"
                        + " deleted, answers: {404: nothing_found, 410: deleted}, answers_header:"
                        + " X-CRM}]");
        crm.answers(
                aResponse()
                        .withStatus(status)
                        .withHeader("X-CRM", "1")
                        .withBody(body == null ? "" : body));
        var code = code(enter(VERIFIED_EMAIL));

        relay.dispatchOnce();

        var told = relay.status(code);
        assertThat(told.get("outcome").isNull()).as(told.toString()).isTrue();
        assertThat(relay.count("SELECT count(*) FROM receipt")).isZero();
        assertThat(
                        relay.texts(
                                "SELECT COALESCE(held_reason, 'open') FROM system_gate WHERE"
                                        + " system_id = 'crm'"))
                .doesNotContain("status_404", "status_410", "unidentified");
    }

    @Test
    void an_agreed_status_that_anybody_may_have_sent_holds_the_system_and_parks_nobody() {
        relay.register(
                "systems: [{id: crm, events: [deletion, person], accepts: [email], answers: {404:"
                        + " nothing_found}, answers_header: X-CRM}]");
        crm.answers(404, "");
        enter(VERIFIED_EMAIL);
        relay.dispatchOnce();

        assertThat(relay.texts("SELECT state FROM delivery")).containsExactly("pending");
        assertThat(relay.texts("SELECT reply || ' ' || error FROM attempt"))
                .containsExactly("system_at_fault unidentified");
    }

    @Test
    void who_takes_no_person_any_more_is_sent_none() {
        enter(VERIFIED_EMAIL);
        relay.register("systems: [{id: crm, events: [deletion], accepts: [email]}]");
        relay.dispatchOnce();

        assertThat(crm.received()).isEmpty();
        assertThat(relay.texts("SELECT reply || ' ' || error FROM attempt"))
                .containsExactly("not_sent no_identifier");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "guardian|null|identifiers[0].verified must not be guardian where the person asks",
                "guardian|\"agent\"|identifiers[0].verified must be null or"
                        + " agent_confirmed_by_person where somebody else asks",
                "agent_confirmed_by_person|null|identifiers[0].verified must not be"
                        + " agent_confirmed_by_person where the person asks",
                "operator_letter|\"child\"|identifiers[0].verified must be null or guardian"
                        + " where somebody else asks (on_behalf_of child)",
                "operator_in_person|\"agent\"|identifiers[0].verified must be null or"
                        + " agent_confirmed_by_person where somebody else asks",
                "operator_call_back|null|identifiers[0].verified proves the number that was called"
            })
    void how_it_was_verified_fits_for_whom_it_is_and_what_it_proves(
            String verified, String onBehalfOf, String message) {
        var reply =
                entered(
                        fields(
                                        "\"" + relay.clock().instant() + "\"",
                                        VERIFIED_EMAIL.replace("operator_letter", verified))
                                + ", \"on_behalf_of\": "
                                + onBehalfOf);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("detail").textValue()).startsWith(message);
    }

    @Test
    void the_same_is_named_once_and_a_wish_arrives_line_by_line() {
        var twice =
                post(
                        "\"" + relay.clock().instant() + "\"",
                        VERIFIED_EMAIL + ", " + VERIFIED_EMAIL.replace("dana@", "DANA@"));
        assertThat(Http.json(twice).get("detail").textValue())
                .isEqualTo("identifiers must hold each once");

        entered(
                fields("\"" + relay.clock().instant() + "\"", VERIFIED_EMAIL)
                        + ", \"wish\": \"Please.\\n\\u202eAll of it\\u2067.\"");
        relay.dispatchOnce();
        assertThat(Http.json(crm.received().getFirst().body()).at("/data/wish").textValue())
                .isEqualTo("Please.\nAll of it .");
    }

    @Test
    void who_hears_of_people_has_to_say_by_what_it_finds_them() {
        assertThatThrownBy(() -> relay.register("systems: [{id: shop, events: [person]}]"))
                .hasMessageContaining("systems[0].accepts: must hold a kind that can be verified");
        assertThatThrownBy(
                        () ->
                                relay.register(
                                        "systems: [{id: shop, events: [person], accepts:"
                                                + " [full_name, other]}]"))
                .hasMessageContaining("systems[0].accepts: must hold a kind that can be verified");
    }

    @Test
    void a_proof_says_what_it_was_and_no_product_of_metas() {
        var code = code(enter(VERIFIED_EMAIL));
        relay.dispatchOnce();
        var proof =
                Http.send(HttpRequest.newBuilder(relay.uri("/status/" + code + "/proof")).build())
                        .body();
        var facts =
                Http.json(
                        new String(
                                Base64.getUrlDecoder().decode(proof.split("\\.", -1)[1]),
                                StandardCharsets.UTF_8));
        assertThat(facts.findValue("kind").textValue()).isEqualTo("person");
        assertThat(
                        Contract.load()
                                .faults(
                                        Http.json("{\"$ref\":\"#/components/schemas/Proof\"}"),
                                        facts.toString()))
                .isEmpty();
        assertThat(facts.findValue("platform").isNull()).isTrue();
        assertThat(facts.toString()).doesNotContain("dana@example");
    }

    @Test
    void cases_as_csv_name_their_requests() {
        var entered = enter(VERIFIED_EMAIL);
        var csv =
                Http.send(
                                HttpRequest.newBuilder(relay.uri("/admin/v1/cases"))
                                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                                        .header("Accept", "text/csv")
                                        .build())
                        .body();
        assertThat(csv).contains(entered.at("/request_ids/0").textValue());
    }

    private List<String> causes() {
        return Http.json(relay.admin("/attention")).get("attention").findValuesAsText("cause");
    }

    private static String acknowledged(Instant at) {
        return "\"acknowledged_at\": \"" + at + "\"";
    }

    private static String phone(String verified) {
        return "{\"type\": \"phone\", \"value\": \"+1 (907) 555-0100\", \"verified\": \"%s\"}"
                .formatted(verified);
    }

    private JsonNode enter(String... identifiers) {
        var reply = post("\"" + relay.clock().instant() + "\"", String.join(", ", identifiers));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
        return Http.json(reply);
    }

    private HttpResponse<String> post(String receivedAt, String identifiers) {
        return entered(fields(receivedAt, identifiers));
    }

    private static String fields(String receivedAt, String identifiers) {
        return """
        "channel": "letter", "received_at": %s, "right": "erasure",
        "apps": ["1234567890"], "identifiers": [%s]
        """
                .formatted(receivedAt, identifiers);
    }

    private HttpResponse<String> entered(String fields) {
        return relay.adminOnce("/cases", UUID.randomUUID().toString(), fields);
    }

    private static String code(JsonNode entered) {
        return entered.at("/requests/0/confirmation_code").textValue();
    }
}
