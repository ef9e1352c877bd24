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

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** What operators do, through the admin API. */
class OperatorIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";

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
    void nobody_gets_in_without_the_token() {
        for (var token : List.of("", "Bearer ", "Bearer x", "Basic " + TestRelay.ADMIN_TOKEN)) {
            for (var path : List.of("/systems", "/systems/crm", "/deliveries?system=crm")) {
                var request = HttpRequest.newBuilder(relay.uri("/admin/v1" + path));
                if (!token.isEmpty()) {
                    request.header("Authorization", token);
                }
                var reply = Http.send(request.build());
                assertThat(reply.statusCode()).as(token + path).isEqualTo(401);
            }
        }
        assertThat(
                        Http.send(
                                        HttpRequest.newBuilder(
                                                        relay.uri("/admin/v1/systems/crm/pause"))
                                                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                                .build())
                                .statusCode())
                .isEqualTo(401);
        assertThat(system().get("held_reason").isNull()).isTrue();
    }

    @Test
    void a_paused_system_gets_nothing_and_a_resumed_one_a_probe_first_on_every_replica() {
        var other = relay.replica();
        ask(3);
        var paused = relay.admin("/systems/crm/pause", "");
        assertThat(Http.json(paused).get("held_reason").textValue()).isEqualTo("paused");
        relay.clock().advance(Duration.ofDays(3));
        assertThat(relay.dispatchOnce()).isZero();
        assertThat(other.dispatchOnce()).isZero();

        relay.admin("/systems/crm/resume", "");
        assertThat(other.dispatchOnce()).as("a probe").isEqualTo(1);
        assertThat(relay.dispatchOnce()).as("the others").isEqualTo(2);
        assertThat(relay.admin("/systems/crm/resume", "").statusCode())
                .as("again, to no effect")
                .isEqualTo(409);
    }

    @Test
    void what_was_in_flight_when_its_system_was_paused_does_not_open_it_again() {
        crm.answers(500, "");
        ask(12);
        var claimed = relay.claim(12);
        relay.admin("/systems/crm/pause", "");
        relay.ledger()
                .handBack(
                        claimed.getFirst().leaseId(),
                        claimed.stream().map(each -> each.id()).toList());
        relay.dispatchOnce();

        assertThat(system().get("held_reason").textValue()).isEqualTo("paused");
        assertThat(crm.received()).isEmpty();
    }

    @Test
    void one_delivery_can_be_sent_now_and_a_closed_one_cannot() {
        crm.answers(500, "");
        ask(1);
        relay.dispatchOnce();
        assertThat(relay.dispatchOnce()).as("not due").isZero();

        assertThat(relay.admin("/deliveries/" + only() + "/retry", "").statusCode()).isEqualTo(200);
        crm.answers(200, DELETED);
        assertThat(relay.dispatchOnce()).isEqualTo(1);

        var closed = relay.admin("/deliveries/" + only() + "/retry", "");
        assertThat(closed.statusCode()).isEqualTo(409);
        assertThat(
                        relay.admin("/deliveries/" + java.util.UUID.randomUUID() + "/retry", "")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void a_parked_delivery_is_sent_once_it_is_unparked_and_only_then() {
        crm.answers(422, "who is that?");
        ask(1);
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofDays(40));
        assertThat(relay.dispatchOnce()).isZero();
        assertThat(relay.admin("/deliveries/" + only() + "/retry", "").statusCode()).isEqualTo(409);

        var parked = Http.json(relay.admin("/deliveries/" + only()));
        assertThat(parked.get("reason").textValue()).isEqualTo("status_422");
        assertThat(parked.at("/attempt_log/0/answer").textValue()).isEqualTo("who is that?");
        crm.answers(200, DELETED);
        var unparked = Http.json(relay.admin("/deliveries/" + only() + "/unpark", ""));
        assertThat(unparked.get("state").textValue()).isEqualTo("pending");
        assertThat(unparked.at("/actions/0/by").textValue()).isEqualTo("Dana");
        assertThat(relay.dispatchOnce()).isEqualTo(1);
        assertThat(relay.admin("/deliveries/" + only() + "/unpark", "").statusCode())
                .isEqualTo(409);
    }

    @Test
    void a_replays_dry_run_says_the_number_that_the_replay_then_sends_under_the_same_ids() {
        ask(2);
        relay.dispatchOnce();
        crm.answers(422, "");
        ask(4);
        relay.dispatchOnce();
        crm.answers(500, "");
        ask(5);
        relay.dispatchOnce();
        crm.answers(202, "");
        ask(3);
        relay.dispatchOnce();
        var before = crm.received().stream().map(FakeClientSystem.Received::webhookId).toList();

        assertThat(replay("\"error\": \"dns\"")).isZero();
        assertThat(replay("\"states\": [\"parked\"]")).isEqualTo(4);
        assertThat(replay("\"states\": [\"pending\", \"awaiting_receipt\"]")).isEqualTo(8);
        assertThat(replay("\"error\": \"status\"")).isEqualTo(9);
        assertThat(replay("\"from\": \"" + relay.clock().instant().plusSeconds(1) + "\"")).isZero();
        assertThat(replay("\"to\": \"" + relay.clock().instant() + "\"")).isZero();
        int counted = replay("");
        assertThat(counted).isEqualTo(12);

        crm.answers(200, DELETED);
        var sent = Http.json(relay.admin("/systems/crm/replay", "\"dry_run\": false"));
        assertThat(sent.get("deliveries").intValue()).isEqualTo(counted);
        assertThat(dispatchAll()).isEqualTo(counted);
        assertThat(crm.received().stream().map(FakeClientSystem.Received::webhookId).distinct())
                .containsExactlyInAnyOrderElementsOf(before.stream().distinct().toList());
        assertThat(replay("")).as("nothing is left").isZero();
    }

    @Test
    void a_replay_leaves_out_what_is_on_its_way_and_what_is_answered_meanwhile() {
        ask(4);
        relay.claim(1);
        assertThat(replay("")).isEqualTo(3);
        relay.dispatchOnce();
        assertThat(Http.json(relay.admin("/systems/crm/replay", "")).get("deliveries").intValue())
                .isZero();
    }

    @Test
    void a_letter_is_recorded_by_hand_and_an_answer_that_is_there_is_amended_instead() {
        var code = ask(1).getFirst();
        crm.answers(202, "");
        relay.dispatchOnce();

        var recorded = relay.admin("/deliveries/" + only() + "/record", "\"outcome\": \"deleted\"");
        assertThat(Http.json(recorded).at("/answers/0/basis").textValue()).isEqualTo("by_hand");
        assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("deleted");
        assertThat(
                        relay.admin("/deliveries/" + only() + "/record", "\"outcome\": \"deleted\"")
                                .statusCode())
                .isEqualTo(409);

        var amended =
                relay.admin(
                        "/deliveries/" + only() + "/amend",
                        "\"outcome\": \"retained\", \"retained\": [{\"category\": \"invoices\","
                                + " \"ground\": \"legal_obligation\", \"until\": \"2032-12-31\"}]");
        assertThat(Http.json(amended).get("answers").findValuesAsText("standing"))
                .containsExactlyInAnyOrder("stands", "amended");
        var status = relay.status(code);
        assertThat(status.get("outcome").textValue()).isEqualTo("deleted_some_retained");
        assertThat(status.at("/retained/0/category").textValue()).isEqualTo("invoices");
        assertThat(relay.count("SELECT count(*) FROM amendment WHERE outcome = 'deleted'"))
                .isEqualTo(1);
    }

    @Test
    void an_answer_that_was_never_given_cannot_be_amended() {
        ask(1);
        assertThat(
                        relay.admin("/deliveries/" + only() + "/amend", "\"outcome\": \"deleted\"")
                                .statusCode())
                .isEqualTo(409);
        assertThat(relay.count("SELECT count(*) FROM operator_action")).isZero();
    }

    @Test
    void a_client_that_is_gone_is_closed_as_unconfirmed_and_the_person_is_told() {
        var codes = ask(3);
        assertThat(unconfirmed("\"dry_run\": true")).isEqualTo(3);
        assertThat(relay.status(codes.getFirst()).get("state").textValue()).isEqualTo("received");
        assertThat(unconfirmed("")).isEqualTo(3);

        for (var code : codes) {
            assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("partly_confirmed");
        }
        assertThat(relay.dispatchOnce()).isZero();
    }

    @Test
    void a_client_that_answers_after_all_is_believed_and_counted_once() {
        var code = ask(1).getFirst();
        crm.answers(202, "");
        relay.dispatchOnce();
        relay.admin("/deliveries/" + only() + "/close-unconfirmed", "");
        assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("partly_confirmed");

        assertThat(relay.receipt(only(), crm.secret(), DELETED).statusCode()).isEqualTo(204);

        assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("deleted");
        assertThat(relay.count("SELECT open_deliveries FROM deletion_request")).isZero();
        assertThat(relay.admin("/deliveries/" + only() + "/close-unconfirmed", "").statusCode())
                .isEqualTo(409);
    }

    @Test
    void answers_and_closing_as_unconfirmed_at_once_count_each_delivery_down_once()
            throws Exception {
        crm.answers(202, "");
        ask(40);
        dispatchAll();
        var ids = relay.texts("SELECT id::text FROM delivery");
        relay.waitsForEver();
        var replica = relay.replica().waitsForEver();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new ArrayList<Callable<Integer>>();
            for (var id : ids) {
                all.add(() -> relay.receipt(id, crm.secret(), DELETED).statusCode());
                all.add(
                        () ->
                                replica.admin("/deliveries/" + id + "/close-unconfirmed", "")
                                        .statusCode());
            }
            all.add(() -> replica.admin("/systems/crm/close-unconfirmed", "").statusCode());
            for (var done : threads.invokeAll(all)) {
                assertThat(done.get()).isIn(200, 204, 409);
            }
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NULL"))
                .isZero();
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE outcome = 'deleted'"))
                .isEqualTo(40);
    }

    @Test
    void a_client_that_restored_a_backup_gets_fresh_deliveries_and_the_request_is_open_again() {
        var code = ask(1).getFirst();
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofDays(1));
        var since = relay.clock().instant();
        var later = ask(2);
        relay.dispatchOnce();
        var first = crm.received().stream().map(FakeClientSystem.Received::webhookId).toList();
        var body = "\"closed_since\": \"" + since + "\"";
        assertThat(concerned("redeliver", body + ", \"dry_run\": true")).isEqualTo(2);
        assertThat(relay.dispatchOnce()).isZero();

        assertThat(concerned("redeliver", body)).isEqualTo(2);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        for (var each : later) {
            assertThat(relay.status(each).get("state").textValue()).isEqualTo("received");
            assertThat(relay.status(each).at("/systems/total").intValue()).isEqualTo(1);
        }
        assertThat(concerned("redeliver", body)).as("they are open").isZero();

        crm.answers(200, "{\"outcome\":\"nothing_found\"}");
        assertThat(relay.dispatchOnce()).isEqualTo(2);
        assertThat(crm.received().subList(3, 5))
                .extracting(FakeClientSystem.Received::webhookId)
                .doesNotContainAnyElementsOf(first);
        for (var each : later) {
            assertThat(relay.status(each).get("outcome").textValue()).isEqualTo("nothing_found");
        }
        assertThat(concerned("redeliver", body)).as("the same order again").isZero();
        var request =
                relay.texts("SELECT request_id::text FROM delivery WHERE round = 2").getFirst();
        assertThat(Http.json(relay.admin("/deliveries?request=" + request)).get("deliveries"))
                .hasSize(2);
        var actions = Http.json(relay.admin("/systems/crm/actions")).get("actions");
        assertThat(actions.findValuesAsText("verb")).containsOnly("redeliver");
        assertThat(actions.findValuesAsText("by")).containsOnly("Dana");
    }

    @Test
    void what_is_due_already_keeps_its_place_and_a_first_attempt_stays_one() {
        ask(1);
        relay.clock().advance(Duration.ofMinutes(1));
        relay.admin("/systems/crm/replay", "");
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM delivery WHERE step = 0 AND next_attempt_at ="
                                        + " created_at"))
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-999999999-01-01T00:00:00Z", "+1000000000-12-31T23:59:59Z", "soon"})
    void an_instant_that_no_column_can_hold_is_refused_by_name(String instant) {
        for (var body : List.of("\"from\": \"%s\"", "\"to\": \"%s\"")) {
            var reply = relay.admin("/systems/crm/replay", body.formatted(instant));

            assertThat(reply.statusCode()).isEqualTo(400);
            assertThat(reply.body()).contains("must be an instant");
        }
    }

    @Test
    void a_client_that_repeats_what_was_amended_is_not_told_that_it_contradicts_itself() {
        ask(1);
        crm.answers(202, "");
        relay.dispatchOnce();
        assertThat(relay.receipt(only(), crm.secret(), DELETED).statusCode()).isEqualTo(204);
        relay.admin("/deliveries/" + only() + "/amend", "\"outcome\": \"nothing_found\"");

        assertThat(relay.receipt(only(), crm.secret(), DELETED).statusCode()).isEqualTo(204);
        assertThat(
                        relay.receipt(only(), crm.secret(), "{\"outcome\":\"nothing_found\"}")
                                .statusCode())
                .isEqualTo(204);
        assertThat(
                        relay.receipt(
                                        only(),
                                        crm.secret(),
                                        "{\"outcome\":\"refused\",\"ground\":\"request_excessive\"}")
                                .statusCode())
                .isEqualTo(409);
    }

    @Test
    void what_nobody_knows_the_person_of_any_more_is_not_sent_afresh() {
        ask(2);
        relay.dispatchOnce();
        relay.execute(
                "UPDATE deletion_request SET subject_sealed = NULL WHERE id = (SELECT id FROM"
                        + " deletion_request LIMIT 1)");
        assertThat(concerned("redeliver", "\"closed_since\": \"2020-01-01T00:00:00Z\""))
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "[]",
                "{}",
                "{\"by\": \"Dana\"}",
                "{\"by\": \"\", \"why\": \"x\"}",
                "{\"by\": \"x\", \"by\": \"y\", \"why\": \"x\"}",
                "{\"by\": 1, \"why\": \"x\"}",
                "{\"by\": \"x\", \"why\": \"x\", \"colour\": \"red\"}",
                "{\"by\": \"x\", \"why\": \"x\", \"states\": [\"closed\"]}",
                "{\"by\": \"x\", \"why\": \"x\", \"states\": []}",
                "{\"by\": \"x\", \"why\": \"x\", \"error\": \"bad luck\"}",
                "{\"by\": \"x\", \"why\": \"x\", \"from\": \"yesterday\"}",
                "{\"by\": \"x\", \"why\": \"x\", \"from\": \"2026-01-02T00:00:00Z\", \"to\":"
                        + " \"2026-01-01T00:00:00Z\"}",
                "{\"by\": \"x\", \"why\": \"x\", \"dry_run\": 1}"
            })
    void a_verb_that_breaks_a_rule_is_refused_and_does_nothing(String body) {
        ask(1);
        var reply =
                Http.send(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/systems/crm/replay"))
                                .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build());
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(relay.count("SELECT count(*) FROM operator_action")).isZero();
    }

    @Test
    void deliveries_are_listed_page_by_page_and_by_state() {
        ask(5);
        relay.claim(1);
        assertThat(list("&state=in_flight").get("deliveries")).hasSize(1);
        assertThat(relay.admin("/deliveries?request=x").statusCode()).isEqualTo(400);
        var first = list("&state=pending&limit=3");
        assertThat(first.get("deliveries")).hasSize(3);
        var second = list("&state=pending&limit=3&after=" + first.get("next").textValue());
        assertThat(second.get("deliveries")).hasSize(1);
        assertThat(second.get("next").isNull()).isTrue();
        for (var bad :
                List.of(
                        "&state=closed",
                        "&state=pending&limit=0",
                        "&state=parked&after=x",
                        "&state=parked&after=" + first.get("next").textValue(),
                        "&order=random",
                        "&colour=red")) {
            assertThat(relay.admin("/deliveries?system=crm" + bad).statusCode())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(relay.admin("/systems/none").statusCode()).isEqualTo(404);
        assertThat(Http.json(relay.admin("/systems")).get("systems")).hasSize(1);
    }

    @Test
    void deliveries_are_listed_by_system_alone_by_state_alone_and_newest_first() {
        try (var news = new FakeClientSystem("news")) {
            relay.register("systems:\n" + news.yaml("") + TestRelay.app(List.of("crm", "news")));
            ask(3);
            relay.execute(
                    "UPDATE delivery SET state = 'parked', next_attempt_at = NULL WHERE id IN"
                            + " (SELECT id FROM delivery ORDER BY id LIMIT 1)");
            relay.claim(1);

            var all = pages("/deliveries?limit=1");
            assertThat(all)
                    .hasSize(6)
                    .doesNotHaveDuplicates()
                    .containsExactlyInAnyOrderElementsOf(
                            relay.texts("SELECT id::text FROM delivery"));
            assertThat(pages("/deliveries?limit=1000")).isEqualTo(all);
            assertThat(pages("/deliveries?system=crm&limit=2"))
                    .containsExactlyInAnyOrderElementsOf(
                            relay.texts("SELECT id::text FROM delivery WHERE system_id = 'crm'"));
            var pending = pages("/deliveries?state=pending&limit=2");
            assertThat(pending)
                    .isEqualTo(
                            relay.texts(
                                    "SELECT id::text FROM delivery WHERE state = 'pending' AND"
                                            + " lease_id IS NULL ORDER BY next_attempt_at, id"));
            assertThat(pages("/deliveries?state=pending&order=newest&limit=2"))
                    .isEqualTo(pending.reversed());
            assertThat(pages("/deliveries?state=parked&order=newest&limit=1")).hasSize(1);
        }
    }

    /** The ids of every page, one after the other. */
    private List<String> pages(String path) {
        var ids = new ArrayList<String>();
        var next = "";
        while (next != null) {
            var page = Http.json(relay.admin(path + next));
            page.get("deliveries").forEach(each -> ids.add(each.get("id").textValue()));
            next = page.get("next").isNull() ? null : "&after=" + page.get("next").textValue();
        }
        return ids;
    }

    private List<String> ask(int deletions) {
        var codes = new ArrayList<String>();
        for (int i = 0; i < deletions; i++) {
            codes.add(relay.metaAsksToDelete(Integer.toString(1 + users++)));
        }
        return codes;
    }

    private int users;

    private int dispatchAll() {
        int all = 0;
        for (int sent = relay.dispatchOnce(); sent > 0; sent = relay.dispatchOnce()) {
            all += sent;
        }
        return all;
    }

    private String only() {
        return relay.texts("SELECT id::text FROM delivery ORDER BY id").getFirst();
    }

    private JsonNode system() {
        return Http.json(relay.admin("/systems/crm"));
    }

    private JsonNode list(String query) {
        return Http.json(relay.admin("/deliveries?system=crm" + query));
    }

    private int replay(String fields) {
        return concerned("replay", "\"dry_run\": true" + (fields.isEmpty() ? "" : ", " + fields));
    }

    private int unconfirmed(String fields) {
        return concerned("close-unconfirmed", fields);
    }

    private int concerned(String verb, String fields) {
        HttpResponse<String> reply = relay.admin("/systems/crm/" + verb, fields);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Http.json(reply).get("deliveries").intValue();
    }
}
