package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Lists of ids that Meta offers for download. */
class IdImportIT {

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
    void who_was_not_asked_for_is_deleted_and_the_rest_are_repeats() {
        relay.metaAsksToDelete("1001");
        relay.metaAsksToDelete("1002");
        relay.dispatchOnce();

        assertThat(imported("&dry_run=true", "id\n1001\n1003\n1003\n\n1002\n")).isEqualTo("3 1 2");
        assertThat(requests()).isEqualTo(2);
        assertThat(imported("", "id,name\n1001,x\n\"1003\",y\n1002,z\n")).isEqualTo("3 1 2");
        assertThat(requests()).isEqualTo(3);
        relay.dispatchOnce();

        assertThat(crm.received().getLast().body())
                .contains("\"id\":\"1003\",\"id_type\":\"meta_user_id\"");
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NULL"))
                .isZero();
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM deletion_request WHERE code_digest IS NOT"
                                        + " NULL AND secret_id IS NULL"))
                .isEqualTo(1);
        assertThat(
                        relay.texts(
                                "SELECT actor FROM audit WHERE event = 'request.recorded' ORDER BY"
                                        + " id"))
                .containsExactly("meta", "meta", "operator:configured");
    }

    @Test
    void who_has_only_removed_the_app_was_not_asked_for() {
        relay.deauthorize(relay.signedRequest("1001"));
        assertThat(imported("", "1001\n")).isEqualTo("1 1 0");
    }

    @Test
    void the_same_list_again_records_nothing_whether_it_is_open_or_done() {
        assertThat(imported("", "1001\n1002\n")).isEqualTo("2 2 0");
        assertThat(imported("", "1001\n1002\n")).isEqualTo("2 0 2");
        relay.dispatchOnce();
        assertThat(imported("", "1001\n1002\n")).isEqualTo("2 0 2");
        relay.clock().advance(Duration.ofMinutes(1));
        assertThat(imported("&since=" + relay.clock().instant(), "1001\n")).isEqualTo("1 1 0");
    }

    @Test
    void who_was_asked_for_before_the_list_began_is_deleted_again() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofDays(22));
        assertThat(imported("", "1001\n")).isEqualTo("1 1 0");
    }

    @Test
    void who_is_on_hold_or_still_waits_is_a_repeat_however_long_ago_they_asked() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(1));
        crm.answers(202, "");
        relay.metaAsksToDelete("1002");
        relay.dispatchOnce();
        var held = relay.texts("SELECT id::text FROM deletion_request ORDER BY id").getFirst();
        relay.admin("/requests/" + held + "/hold", "\"ground\": \"legal_claims\"");
        relay.clock().advance(Duration.ofDays(60));
        assertThat(imported("", "1001\n1002\n1003\n")).isEqualTo("3 1 2");
    }

    @Test
    void a_short_list_tells_the_request_of_each_id_so_that_it_can_be_held() {
        relay.metaAsksToDelete("1002");
        var before = relay.texts("SELECT id::text FROM deletion_request").getFirst();

        var reply = Http.json(send("", "1003\n1002\n"));
        var recorded = reply.at("/requests/0/request_id").textValue();
        assertThat(reply.at("/requests/0/created").booleanValue()).isTrue();
        assertThat(reply.at("/requests/1/request_id").textValue()).isEqualTo(before);
        assertThat(reply.at("/requests/1/created").booleanValue()).isFalse();
        assertThat(
                        relay.admin(
                                        "/requests/" + recorded + "/hold",
                                        "\"ground\": \"legal_claims\"")
                                .statusCode())
                .isEqualTo(200);
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(1).noneMatch(each -> each.body().contains("1003"));

        assertThat(Http.json(send("&dry_run=true", "1004\n")).get("requests")).isEmpty();
    }

    @Test
    void whom_nobody_can_read_any_more_is_recorded_again() {
        relay.metaAsksToDelete("1001");
        relay.execute(
                "UPDATE deletion_request SET subject_sealed = set_byte(subject_sealed, 40,"
                        + " get_byte(subject_sealed, 40) # 1)");
        assertThat(imported("", "1001\n")).isEqualTo("1 1 0");
    }

    @Test
    void a_page_scoped_id_is_nobody_s_app_scoped_one() {
        relay.metaAsksToDelete("1001");
        assertThat(imported("&id_type=page_scoped_user_id", "1001\n")).isEqualTo("1 1 0");
        assertThat(imported("&id_type=page_scoped_user_id", "1001\n")).isEqualTo("1 0 1");
        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(2);
        assertThat(crm.received().stream().map(FakeClientSystem.Received::body))
                .anyMatch(
                        body ->
                                body.contains("\"id\":\"1001\",\"id_type\":\"page_scoped_user_id\"")
                                        && body.contains("\"platform\":\"messenger\""));
    }

    @Test
    void of_ids_of_no_known_kind_no_more_is_said_and_repeats_go_by_the_number() {
        relay.metaAsksToDelete("1001");
        assertThat(imported("", "1001\n1002\n")).isEqualTo("2 1 1");
        assertThat(imported("&id_type=app_scoped_user_id", "1001\n1002\n1003\n"))
                .isEqualTo("3 1 2");
        assertThat(imported("&id_type=page_scoped_user_id", "1001\n1002\n")).isEqualTo("2 2 0");
        relay.dispatchOnce();

        assertThat(crm.received().stream().map(FakeClientSystem.Received::body))
                .anyMatch(body -> body.contains("\"id\":\"1002\",\"id_type\":\"meta_user_id\""))
                .anyMatch(
                        body ->
                                body.contains(
                                        "\"id\":\"1003\",\"id_type\":\"app_scoped_user_id\""));
    }

    @Test
    void a_spoilt_list_is_refused_as_a_whole_and_says_why() {
        var reply = send("", "id\n10210123456789000\n10210123456780000\n");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("rounded by a spreadsheet").doesNotContain("1021012");
        assertThat(requests()).isZero();
        assertThat(imported("&exact=true", "10210123456789000\n10210123456780000\n"))
                .isEqualTo("2 2 0");
    }

    @Test
    void many_are_recorded_in_batches() {
        var list = new StringBuilder("id\n");
        for (int i = 0; i < 1_001; i++) {
            list.append(10_000 + i).append('\n');
        }
        relay.metaAsksToDelete("10500");
        assertThat(imported("", list.toString())).isEqualTo("1001 1000 1");
        assertThat(requests()).isEqualTo(1_001);
    }

    @Test
    void the_first_id_of_a_list_is_not_taken_for_a_header() {
        assertThat(imported("", "\uFEFF1001\n1002\n")).isEqualTo("2 2 0");
        assertThat(imported("", "\uFEFFid\n1003\n")).isEqualTo("1 1 0");
        for (var first : new String[] {"1.00E+15", "\"1004 x\"", "1004o", "0"}) {
            var reply = send("", first + "\n1005\n");
            assertThat(reply.statusCode()).as(first).isEqualTo(400);
            assertThat(reply.body()).contains("line [1]");
        }
        assertThat(requests()).isEqualTo(3);
    }

    @Test
    void a_list_that_is_none_is_refused_as_a_whole() {
        for (var body : new String[] {"1001\nDana\n", "1001\n0\n", "id\n1001 1002\n"}) {
            var reply = send("", body);
            assertThat(reply.statusCode()).as(body).isEqualTo(400);
            assertThat(reply.body()).contains("line [2]").doesNotContain("Dana");
        }
        assertThat(send("&app=77", "1001\n").statusCode()).isEqualTo(400);
        assertThat(send("&id_type=x", "1001\n").statusCode()).isEqualTo(400);
        assertThat(send("&dry_run=maybe", "1001\n").statusCode()).isEqualTo(400);
        assertThat(requests()).isZero();
    }

    @Test
    void a_list_looks_back_for_ninety_days_and_not_ahead() {
        for (var since : List.of(Duration.ofDays(-91), Duration.ofMinutes(1))) {
            var reply = send("&since=" + relay.clock().instant().plus(since), "1001\n");
            assertThat(reply.statusCode()).isEqualTo(400);
            assertThat(Http.json(reply).get("field").textValue()).isEqualTo("since");
        }
        assertThat(requests()).isZero();
    }

    @Test
    void a_list_of_more_than_the_api_takes_is_refused_as_a_whole() {
        var list = new StringBuilder();
        for (int i = 0; i < 100_001; i++) {
            list.append(1_000_000 + i).append('\n');
        }
        var reply = send("&dry_run=true", list.toString());
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("holds more than 100000 ids");
        list.setLength(list.length() - "1000000\n".length());
        assertThat(imported("&dry_run=true", list.toString())).isEqualTo("100000 100000 0");
    }

    @Test
    void one_list_is_taken_at_a_time() throws Exception {
        var list = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            list.append(1_000_000 + i).append('\n');
        }
        var replies = new ArrayList<Future<HttpResponse<String>>>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 8; i++) {
                replies.add(executor.submit(() -> send("", list.toString())));
            }
        }
        int taken = 0;
        for (var each : replies) {
            int status = each.get().statusCode();
            assertThat(status).isIn(200, 409);
            taken += status == 200 ? 1 : 0;
        }
        assertThat(taken).isPositive();
        assertThat(requests()).isEqualTo(500);
        assertThat(imported("", list.toString())).isEqualTo("500 0 500");
    }

    @Test
    void a_replica_that_may_lack_a_key_takes_no_list() {
        relay.isInStep(false);

        var reply = send("", "10210123456789012");

        assertThat(reply.statusCode()).isEqualTo(503);
        assertThat(reply.headers().firstValue("Retry-After")).isPresent();
        assertThat(requests()).isZero();
    }

    private long requests() {
        return relay.count("SELECT count(*) FROM deletion_request");
    }

    /** How many ids there were, how many were created and how many repeated. */
    private String imported(String query, String list) {
        var reply = send(query, list);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        var json = Http.json(reply);
        return json.get("ids") + " " + json.get("created") + " " + json.get("repeated");
    }

    private HttpResponse<String> send(String query, String list) {
        var app = query.contains("&app=") ? "" : "app=" + TestRelay.APP_ID;
        var reply =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/imports?" + app + query))
                                .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                                .header("Content-Type", "text/csv")
                                .POST(HttpRequest.BodyPublishers.ofString(list))
                                .build());
        Contract.load().check("POST", "/admin/v1/imports", reply);
        return reply;
    }
}
