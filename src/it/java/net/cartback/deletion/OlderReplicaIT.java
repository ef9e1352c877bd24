package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;

/** What a replica of an older version would not understand waits until none runs. */
class OlderReplicaIT {

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
        relay.close();
        crm.close();
    }

    @Test
    void a_hold_waits_until_no_older_replica_runs_that_would_send_what_is_held() {
        relay.metaAsksToDelete("1");
        var request = relay.texts("SELECT id::text FROM deletion_request").getFirst();
        var hold = "/requests/" + request + "/hold";
        var ground = "\"ground\": \"legal_claims\"";

        replica("NULL");
        assertRefused(relay.admin(hold, ground));
        assertThat(relay.count("SELECT count(*) FROM legal_hold")).isZero();

        relay.execute("UPDATE replica SET knows_schema = 18");
        assertRefused(relay.admin(hold, ground));

        relay.execute("UPDATE replica SET knows_schema = 19");
        assertThat(relay.admin(hold, ground).statusCode()).isEqualTo(200);
    }

    @Test
    void one_that_was_not_seen_for_a_minute_does_not_run() {
        replica("NULL");
        relay.metaAsksToDelete("1");
        var request = relay.texts("SELECT id::text FROM deletion_request").getFirst();
        relay.clock().advance(Duration.ofSeconds(61));
        assertThat(
                        relay.admin(
                                        "/requests/" + request + "/hold",
                                        "\"ground\": \"legal_claims\"")
                                .statusCode())
                .isEqualTo(200);
    }

    @Test
    void a_list_whose_ids_it_would_take_for_others_waits() {
        replica("NULL");
        assertRefused(list("meta_user_id"));
        assertRefused(list("page_scoped_user_id"));
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
        assertThat(list("app_scoped_user_id").statusCode()).isEqualTo(200);
    }

    @Test
    void retiring_waits_and_changes_nothing() {
        replica("NULL");
        var patch =
                Http.send(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/registry/systems/crm"))
                                .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                                .header("If-Match", version())
                                .method(
                                        "PATCH",
                                        BodyPublishers.ofString("{\"state\": \"retired\"}"))
                                .build());
        assertRefused(patch);
        assertThat(relay.texts("SELECT state FROM client_system")).containsExactly("live");
    }

    private String version() {
        return Http.send(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/registry/systems/crm"))
                                .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                                .build())
                .headers()
                .firstValue("ETag")
                .orElseThrow();
    }

    private HttpResponse<String> list(String type) {
        return Http.send(
                HttpRequest.newBuilder(
                                relay.uri(
                                        "/admin/v1/imports?app="
                                                + TestRelay.APP_ID
                                                + "&id_type="
                                                + type))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .POST(BodyPublishers.ofString("10210123456789012\n"))
                        .build());
    }

    private static void assertRefused(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(409);
        assertThat(Http.json(reply).get("detail").textValue()).contains("older version");
    }

    private void replica(String schema) {
        relay.execute(
                "INSERT INTO replica (id, started_at, seen_at, kids, knows_schema) VALUES (gen_random_uuid(), now(), '%s', '{}', %s)"
                        .formatted(relay.clock().instant(), schema));
    }
}
