package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.IdempotencyKeys.First;
import net.cartback.deletion.access.IdempotencyKeys.Underway;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.terms.Actor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** Verbs that are sent again under the same key. */
class IdempotencyIT {

    private static final String WHY = "{\"by\": \"Dana\", \"why\": \"a test\"}";

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
    void what_is_sent_again_is_answered_as_the_first_time_and_done_once() {
        var first = test("one", TestRelay.ADMIN_TOKEN, WHY);
        relay.clock().advance(Duration.ofMinutes(10));
        var again = test("one", TestRelay.ADMIN_TOKEN, WHY);

        assertThat(first.statusCode()).isBetween(200, 299);
        assertThat(again.statusCode()).isEqualTo(first.statusCode());
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(tests()).isEqualTo(1);
        test("two", TestRelay.ADMIN_TOKEN, WHY);
        assertThat(tests()).isEqualTo(2);
    }

    @Test
    void of_many_at_once_one_is_done() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < 20; i++) {
                tasks.add(() -> test("one", TestRelay.ADMIN_TOKEN, WHY).statusCode());
            }
            var statuses = new ArrayList<Integer>();
            for (var each : executor.invokeAll(tasks)) {
                statuses.add(each.get());
            }
            assertThat(statuses).allMatch(status -> status < 300 || status == 409);
            assertThat(statuses).anyMatch(status -> status < 300);
        }
        assertThat(tests()).isEqualTo(1);
    }

    @Test
    void a_key_stands_for_one_request_of_one_caller() {
        test("one", TestRelay.ADMIN_TOKEN, WHY);
        var other = test("one", TestRelay.ADMIN_TOKEN, WHY.replace("a test", "another"));
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(Http.json(other).get("field").textValue()).isEqualTo("Idempotency-Key");
        assertThat(test("one", relay.token("ops", Role.OPERATOR, null), WHY).statusCode())
                .isLessThan(300);
        assertThat(tests()).isEqualTo(2);
        assertThat(test("a b", TestRelay.ADMIN_TOKEN, WHY).statusCode()).isEqualTo(400);
        assertThat(test("k".repeat(101), TestRelay.ADMIN_TOKEN, WHY).statusCode()).isEqualTo(400);
    }

    @Test
    void what_was_refused_can_be_mended_under_the_same_key() {
        assertThat(test("one", TestRelay.ADMIN_TOKEN, "{}").statusCode()).isEqualTo(400);
        assertThat(test("one", TestRelay.ADMIN_TOKEN, WHY).statusCode()).isLessThan(300);
    }

    @Test
    void what_broke_off_is_not_done_again_and_not_said_to_be_done() {
        test("one", TestRelay.ADMIN_TOKEN, WHY);
        relay.execute("UPDATE idempotency_key SET status = NULL, body_sealed = NULL");
        assertThat(test("one", TestRelay.ADMIN_TOKEN, WHY).statusCode()).isEqualTo(409);
        assertThat(tests()).isEqualTo(1);
    }

    @Test
    void what_could_not_be_done_for_a_while_is_done_when_it_is_sent_again() throws Exception {
        try (var busy = TestPostgres.connect(relay.address());
                var statement = busy.createStatement()) {
            busy.setAutoCommit(false);
            statement.execute("LOCK TABLE operator_action IN EXCLUSIVE MODE");
            assertThat(test("one", TestRelay.ADMIN_TOKEN, WHY).statusCode()).isEqualTo(503);
            busy.rollback();
        }
        assertThat(tests()).isZero();
        assertThat(test("one", TestRelay.ADMIN_TOKEN, WHY).statusCode()).isLessThan(300);
        assertThat(tests()).isEqualTo(1);
    }

    @Test
    void what_is_done_and_cannot_be_told_is_not_done_again() throws Exception {
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        relay.metaAsksToDelete("1001");
        relay.dispatchOnce();
        var amend =
                HttpRequest.newBuilder(
                                relay.uri(
                                        "/admin/v1/deliveries/"
                                                + relay.texts("SELECT id::text FROM delivery")
                                                        .getFirst()
                                                + "/amend"))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .header("Idempotency-Key", "one")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        WHY.replace("}", ", \"outcome\": \"nothing_found\"}")))
                        .build();
        try (var busy = TestPostgres.connect(relay.address());
                var statement = busy.createStatement()) {
            busy.setAutoCommit(false);
            statement.execute("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE");
            assertThat(Http.sendUnchecked(amend).statusCode()).isEqualTo(503);
            busy.rollback();
        }
        assertThat(Http.sendUnchecked(amend).statusCode()).isEqualTo(409);
        assertThat(relay.count("SELECT count(*) FROM amendment")).isEqualTo(1);
    }

    @Test
    void a_key_that_could_not_be_freed_is_freed_when_the_database_is_back() throws Exception {
        var keys = new IdempotencyKeys(relay.database(), relay.keyring(), relay.clock());
        var first = (First) keys.use(Actor.COMMAND, "one", "what");
        try (var busy = TestPostgres.connect(relay.address());
                var statement = busy.createStatement()) {
            busy.setAutoCommit(false);
            statement.execute("LOCK TABLE idempotency_key IN EXCLUSIVE MODE");
            keys.nothingDone(first);
            busy.rollback();
        }
        assertThat(keys.use(Actor.COMMAND, "one", "what")).isInstanceOf(Underway.class);
        keys.tidy();
        assertThat(keys.use(Actor.COMMAND, "one", "what")).isInstanceOf(First.class);
    }

    @Test
    void keys_are_forgotten_after_a_day_and_hold_nothing_in_plain() {
        test("one", TestRelay.ADMIN_TOKEN, WHY);
        assertThat(
                        relay.texts(
                                "SELECT encode(body_sealed, 'escape') || encode(request_digest,"
                                        + " 'escape') FROM idempotency_key"))
                .hasSize(1)
                .noneMatch(each -> each.contains("Dana") || each.contains("crm"));
        var keys = new IdempotencyKeys(relay.database(), relay.keyring(), relay.clock());
        keys.tidy();
        assertThat(relay.count("SELECT count(*) FROM idempotency_key")).isEqualTo(1);
        relay.clock().advance(Duration.ofHours(25));
        keys.tidy();
        assertThat(relay.count("SELECT count(*) FROM idempotency_key")).isZero();
    }

    private long tests() {
        return relay.count("SELECT count(*) FROM operator_action WHERE verb = 'test'");
    }

    private HttpResponse<String> test(String key, String token, String body) {
        var reply =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/systems/crm/tests"))
                                .header("Authorization", "Bearer " + token)
                                .header("Idempotency-Key", key)
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build());
        Contract.load().check("POST", "/admin/v1/systems/crm/tests", reply);
        return reply;
    }
}
