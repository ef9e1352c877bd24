package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What operators read and change, beside the verbs. */
class AdminApiIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

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
    void requests_are_found_by_state_age_app_system_and_code() {
        var code = relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofDays(1));
        var between = relay.clock().instant();
        relay.clock().advance(Duration.ofDays(1));
        relay.metaAsksToDelete("1002");

        assertThat(ids("")).hasSize(2);
        assertThat(ids("?state=completed")).containsExactly(ids("").getFirst());
        assertThat(ids("?state=open")).containsExactly(ids("").getLast());
        assertThat(ids("?state=overdue")).isEmpty();
        assertThat(ids("?app=" + TestRelay.APP_ID)).hasSize(2);
        assertThat(ids("?system=crm")).hasSize(2);
        assertThat(ids("?order=newest")).isEqualTo(ids("").reversed());
        assertThat(ids("?order=newest&limit=1")).containsExactly(ids("").getLast());
        assertThat(ids("?order=newest&limit=1&after=" + ids("").getLast()))
                .containsExactly(ids("").getFirst());
        assertThat(ids("?from=" + between)).containsExactly(ids("").getLast());
        assertThat(ids("?to=" + between)).containsExactly(ids("").getFirst());
        assertThat(ids("?code=" + code.toLowerCase(Locale.ROOT)))
                .containsExactly(ids("").getFirst());
        relay.clock().advance(Duration.ofDays(31));
        assertThat(ids("?state=overdue")).containsExactly(ids("").getLast());

        var one = get("/requests/" + ids("").getFirst());
        assertThat(one.get("state").textValue()).isEqualTo("completed");
        assertThat(one.get("deliveries")).hasSize(1);
        assertThat(relay.admin("/requests/01a20b37-6818-742c-a798-ff2abbc8b3f3").statusCode())
                .isEqualTo(404);
    }

    @Test
    void lists_are_read_page_by_page_and_as_csv() {
        for (int i = 0; i < 5; i++) {
            relay.metaAsksToDelete("user-" + i);
        }
        var seen = new ArrayList<String>();
        var next = "";
        int pages = 0;
        do {
            var page = get("/requests?limit=2" + next);
            page.get("requests").forEach(each -> seen.add(each.get("id").textValue()));
            next = page.get("next").isNull() ? null : "&after=" + page.get("next").textValue();
            pages++;
        } while (next != null);
        assertThat(seen).hasSize(5).doesNotHaveDuplicates().isEqualTo(ids(""));
        assertThat(pages).isEqualTo(3);

        var csv =
                send("GET", "/requests?limit=2", TestRelay.ADMIN_TOKEN, null, "Accept", "text/csv");
        assertThat(csv.headers().firstValue("Content-Type")).contains("text/csv; charset=utf-8");
        assertThat(csv.headers().firstValue("Next")).contains(seen.get(1));
        assertThat(csv.body().split("\r\n", -1)).hasSize(4);
        assertThat(csv.body()).startsWith("id,kind,app_id,").contains(seen.getFirst());

        rename(version());
        relay.chainAudit();
        var audit =
                send("GET", "/audit?limit=1000", TestRelay.ADMIN_TOKEN, null, "Accept", "text/csv");
        assertThat(audit.body().lines().count())
                .isEqualTo(1 + relay.count("SELECT count(*) FROM audit"));
        assertThat(audit.body()).contains(",\"max_in_flight,public_name\",");
    }

    @Test
    void the_audit_trail_is_read_by_request_actor_event_and_time() {
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(1));
        relay.metaAsksToDelete("1002");
        relay.admin("/systems/crm/pause", "");
        relay.chainAudit();
        var first = ids("").getFirst();

        assertThat(events("?request=" + first))
                .containsExactly("request.recorded", "delivery.closed", "request.completed");
        assertThat(events("?actor=operator:configured"))
                .containsExactlyInAnyOrder("system.held", "operator.pause");
        assertThat(events("?event=operator.pause&system=crm")).hasSize(1);
        var last = get("/audit?event=operator.pause").get("entries").get(0).get("at").textValue();
        assertThat(events("?from=" + last)).contains("operator.pause").hasSizeLessThan(3);
        assertThat(events("?from=2099-01-01T00:00:00Z")).isEmpty();
        assertThat(events("?order=newest")).isEqualTo(events("").reversed());
        var newest = get("/audit?order=newest&limit=1");
        assertThat(events("?order=newest&limit=1&after=" + newest.get("next").textValue()))
                .isEqualTo(events("").reversed().subList(1, 2));
        assertThat(AuditTrail.EVENTS)
                .containsAll(relay.texts("SELECT DISTINCT event FROM audit"))
                .isSorted();
    }

    @Test
    void parameters_that_are_wrong_are_named() {
        for (var each :
                List.of(
                        "/requests?state=x",
                        "/requests?limit=0",
                        "/requests?limit=1001",
                        "/requests?from=yesterday",
                        "/requests?after=1",
                        "/requests?code=x",
                        "/requests?colour=red",
                        "/requests?order=up",
                        "/requests?app=77",
                        "/requests?system=nosuch",
                        "/deliveries?system=nosuch",
                        "/deliveries?state=open",
                        "/audit?event=registry.changed",
                        "/audit?system=nosuch",
                        "/audit?app=77",
                        "/audit?after=x",
                        "/audit?request=1",
                        "/audit?actor=Dana%20Doe",
                        "/registry/apps?limit=many",
                        "/registry/systems?after=A%20B")) {
            var reply = relay.admin(each);
            assertThat(reply.statusCode()).as(each).isEqualTo(400);
            assertThat(Http.json(reply).get("field").textValue()).as(each).isNotEmpty();
        }
    }

    @Test
    void what_is_registered_is_read_back_without_secrets() {
        var app = get("/registry/apps/" + TestRelay.APP_ID);
        assertThat(app.get("systems").get(0).textValue()).isEqualTo("crm");
        assertThat(app.at("/secrets/0/label").textValue()).isEqualTo("facebook");
        var system = get("/registry/systems/crm");
        assertThat(system.get("timeout").textValue()).isEqualTo("PT1M");
        assertThat(system.get("url_has_query").booleanValue()).isFalse();
        assertThat(
                        app.toString()
                                + system
                                + relay.admin("/registry/apps").body()
                                + relay.admin("/registry/systems").body())
                .doesNotContain(TestRelay.APP_SECRET)
                .doesNotContain(crm.secret());
        assertThat(relay.admin("/registry/systems/nobody").statusCode()).isEqualTo(404);
        assertThat(relay.admin("/registry/apps/nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void an_entry_is_changed_under_the_version_that_was_read_and_by_nobody_twice() {
        var version = version();
        var changed = rename(version);
        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(Http.json(changed).get("public_name").textValue()).isEqualTo("Customers");
        assertThat(Http.json(changed).get("name"))
                .isEqualTo(get("/registry/systems/crm").get("name"));
        assertThat(rename(version).statusCode()).isEqualTo(412);
        assertThat(rename("W/\"x\"").statusCode()).isEqualTo(412);
        assertThat(patch("/registry/systems/crm", "{\"name\": \"x\"}", "X-None", "1").statusCode())
                .isEqualTo(428);
        assertThat(
                        patch("/registry/systems/crm", "{\"name\": \"x\"}", "If-None-Match", "*")
                                .statusCode())
                .isEqualTo(412);
        assertThat(
                        relay.texts(
                                "SELECT actor || ' ' || detail FROM audit WHERE event ="
                                        + " 'system.changed'"))
                .containsExactly("operator:configured max_in_flight,public_name");
    }

    @Test
    void a_new_system_hears_of_the_requests_that_are_open_already() {
        crm.answers(202, "");
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        try (var shop = new FakeClientSystem("shop").answers(200, DELETED)) {
            var made =
                    patch(
                            "/registry/systems/shop",
                            "{\"name\": \"Shop\", \"url\": \"%s\", \"secrets\": [{\"value\": \"%s\"}]}"
                                    .formatted(shop.url(), SECRET),
                            "If-None-Match",
                            "*");
            assertThat(made.statusCode()).isEqualTo(201);
            assertThat(made.body()).doesNotContain(SECRET);
            var app =
                    send(
                            "GET",
                            "/registry/apps/" + TestRelay.APP_ID,
                            TestRelay.ADMIN_TOKEN,
                            null,
                            "Accept",
                            "*/*");
            assertThat(
                            patch(
                                            "/registry/apps/" + TestRelay.APP_ID,
                                            "{\"systems\": [\"crm\", \"shop\"]}",
                                            "If-Match",
                                            app.headers().firstValue("ETag").orElseThrow())
                                    .statusCode())
                    .isEqualTo(200);
            relay.dispatchOnce();
            assertThat(shop.received()).hasSize(1);
        }
        assertThat(relay.texts("SELECT DISTINCT event FROM audit WHERE request_id IS NOT NULL"))
                .contains("request.forwarded");
    }

    @Test
    void a_secret_is_added_beside_one_that_stays_and_taken_out_by_leaving_it_out() {
        var before = get("/registry/systems/crm");
        var id = before.at("/secrets/0/id").textValue();
        var both =
                patch(
                        "/registry/systems/crm",
                        "{\"secrets\": [{\"id\": \"%s\", \"not_after\": \"2030-01-01T00:00:00Z\"}, {\"value\": \"%s\", \"label\": \"next\"}]}"
                                .formatted(id, SECRET),
                        "If-Match",
                        version());
        assertThat(both.statusCode()).isEqualTo(200);
        var secrets = Http.json(both).get("secrets");
        assertThat(secrets).hasSize(2);
        assertThat(secrets.get(0).get("id").textValue()).isEqualTo(id);
        assertThat(secrets.get(1).get("label").textValue()).isEqualTo("next");
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        assertThat(crm.received().getFirst().signature().split(" ", -1)).hasSize(3);

        var one =
                patch(
                        "/registry/systems/crm",
                        "{\"secrets\": [{\"id\": \"%s\"}]}"
                                .formatted(secrets.get(1).get("id").textValue()),
                        "If-Match",
                        both.headers().firstValue("ETag").orElseThrow());
        assertThat(Http.json(one).get("secrets")).hasSize(1);
        assertThat(
                        patch(
                                        "/registry/systems/crm",
                                        "{\"secrets\": [{\"id\": \"%s\"}]}".formatted(id),
                                        "If-Match",
                                        one.headers().firstValue("ETag").orElseThrow())
                                .body())
                .contains("secrets[0].id: no secret of this entry has this id");
    }

    @Test
    void what_does_not_fit_is_refused_by_its_field_and_changes_nothing() {
        var version = version();
        for (var body :
                List.of(
                        "{\"max_in_flight\": 0}",
                        "{\"url\": \"ftp://x\"}",
                        "{\"colour\": \"red\"}",
                        "{\"id\": \"crm\"}",
                        "{\"secrets\": []}",
                        "{\"secrets\": [{\"id\": \"1\"}]}",
                        "{\"name\": \"${HOME}\"}",
                        "[]",
                        "{")) {
            var reply = patch("/registry/systems/crm", body, "If-Match", version);
            assertThat(reply.statusCode()).as(body).isEqualTo(400);
            assertThat(reply.body()).as(body).doesNotContain("systems[0]");
        }
        assertThat(version()).isEqualTo(version);
        assertThat(patch("/registry/systems/new", "{\"name\": \"x\"}", "If-None-Match", "*").body())
                .contains("url: is required for a new entry");
    }

    @Test
    void only_an_admin_changes_what_is_registered() {
        var token = relay.token("ops", Role.OPERATOR, null);
        var reply = send("PATCH", "/registry/systems/crm", token, "{}", "If-Match", version());
        assertThat(reply.statusCode()).isEqualTo(403);
    }

    private HttpResponse<String> rename(String version) {
        return patch(
                "/registry/systems/crm",
                "{\"public_name\": \"Customers\", \"max_in_flight\": 7}",
                "If-Match",
                version);
    }

    private String version() {
        return relay.admin("/registry/systems/crm").headers().firstValue("ETag").orElseThrow();
    }

    private List<String> ids(String query) {
        var ids = new ArrayList<String>();
        get("/requests" + query)
                .get("requests")
                .forEach(each -> ids.add(each.get("id").textValue()));
        return ids;
    }

    private List<String> events(String query) {
        var events = new ArrayList<String>();
        get("/audit" + query)
                .get("entries")
                .forEach(each -> events.add(each.get("event").textValue()));
        return events;
    }

    private JsonNode get(String path) {
        var reply = relay.admin(path);
        assertThat(reply.statusCode()).as(path + reply.body()).isEqualTo(200);
        return Http.json(reply);
    }

    private HttpResponse<String> patch(String path, String body, String header, String value) {
        return send("PATCH", path, TestRelay.ADMIN_TOKEN, body, header, value);
    }

    private HttpResponse<String> send(
            String method,
            String path,
            String token,
            @Nullable String body,
            String header,
            String value) {
        var reply =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/admin/v1" + path))
                                .method(
                                        method,
                                        body == null
                                                ? HttpRequest.BodyPublishers.noBody()
                                                : HttpRequest.BodyPublishers.ofString(body))
                                .header("Authorization", "Bearer " + token)
                                .header(header, value)
                                .build());
        Contract.load().check(method, "/admin/v1" + path.split("\\?", 2)[0], reply);
        return reply;
    }
}
