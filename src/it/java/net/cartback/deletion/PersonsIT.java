package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.recording.Redigest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A person's own request goes through whatever a request of Meta's goes through. */
class PersonsIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final Duration LEAD = Duration.ofHours(1);

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(200, DELETED);
        relay = new TestRelay().register(crm);
        relay.register("systems: [{id: crm, events: [deletion, person], accepts: [email]}]");
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void it_is_held_and_released() {
        var entered = enter("dana@example.com");
        assertThat(act(entered, "hold", "\"ground\": \"legal_claims\"")).isEqualTo(200);
        relay.dispatchOnce();
        assertThat(crm.received()).isEmpty();
        assertThat(relay.status(code(entered)).at("/hold/ground").textValue())
                .isEqualTo("legal_claims");

        assertThat(act(entered, "release", "")).isEqualTo(200);
        relay.dispatchOnce();
        assertThat(relay.status(code(entered)).get("outcome").textValue()).isEqualTo("deleted");
    }

    @Test
    void it_is_extended_once_and_an_earlier_letter_takes_nothing_back() {
        var entered = enter("dana@example.com");
        var due = Instant.parse(relay.status(code(entered)).get("due_at").textValue());
        assertThat(act(entered, "extend", "\"ground\": \"complexity\", \"days\": 20"))
                .isEqualTo(200);
        var extended = relay.status(code(entered)).get("due_at").textValue();
        assertThat(Instant.parse(extended)).isAfter(due);
        enter("dana@example.com", relay.clock().instant().minus(Duration.ofDays(9)));

        assertThat(relay.status(code(entered)).get("due_at").textValue()).isEqualTo(extended);
    }

    @Test
    void an_answer_is_recorded_by_hand_and_amended() {
        crm.answers(202, "");
        var entered = enter("dana@example.com");
        relay.dispatchOnce();
        var delivery = relay.texts("SELECT id::text FROM delivery").getFirst();
        assertThat(
                        relay.admin(
                                        "/deliveries/" + delivery + "/record",
                                        "\"outcome\": \"nothing_found\"")
                                .statusCode())
                .isEqualTo(200);
        assertThat(relay.status(code(entered)).get("outcome").textValue())
                .isEqualTo("nothing_found");
        assertThat(
                        relay.admin(
                                        "/deliveries/" + delivery + "/amend",
                                        "\"outcome\": \"deleted\"")
                                .statusCode())
                .isEqualTo(200);
        assertThat(relay.status(code(entered)).get("outcome").textValue()).isEqualTo("deleted");
    }

    @Test
    void a_client_that_restored_a_backup_is_asked_afresh_while_it_hears_of_people() {
        var since = relay.clock().instant();
        enter("dana@example.com");
        relay.dispatchOnce();
        var redeliver = "\"closed_since\": \"" + since + "\"";

        relay.register("systems: [{id: crm, events: [deletion], accepts: [email]}]");
        assertThat(concerned(redeliver)).isZero();
        relay.register("systems: [{id: crm, events: [deletion, person], accepts: [email]}]");
        assertThat(concerned(redeliver)).isOne();
        relay.dispatchOnce();

        assertThat(crm.received())
                .extracting(each -> Http.json(each.body()).at("/data/subject/identifiers/0/value"))
                .extracting(JsonNode::textValue)
                .containsExactly("dana@example.com", "dana@example.com");
        assertThat(crm.received())
                .extracting(FakeClientSystem.Received::webhookId)
                .doesNotHaveDuplicates();
    }

    @Test
    void it_is_the_same_wish_and_can_be_sent_across_a_change_of_all_keys() {
        var entered = enter("dana@example.com");
        var maker = new KeyMaker(new SecureRandom());
        var rotated =
                maker.rotate(
                        relay.keyringFile(),
                        EnumSet.allOf(Keyring.Kind.class),
                        relay.clock().instant().plus(LEAD),
                        relay.clock().instant());
        relay.keyring().reload(rotated);
        relay.clock().advance(LEAD);
        assertThat(code(enter("dana@example.com"))).isEqualTo(code(entered));

        assertThat(new Redigest(relay.database(), relay.keyring()).run(now -> {}))
                .isEqualTo(new Redigest.Progress(1, 1, 0));
        var subjects = SealedColumns.ALL.getFirst();
        assertThat(new Reseal(relay.database(), relay.keyring().sealer()).run(subjects, now -> {}))
                .isEqualTo(new Reseal.Progress(subjects, 1, 1, 0));

        assertThat(code(enter("Dana@example.com"))).isEqualTo(code(entered));
        relay.dispatchOnce();
        assertThat(crm.received().getFirst().body()).contains("dana@example.com");
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
    }

    @Test
    void two_letters_of_one_person_at_once_on_two_replicas_are_one_request() throws Exception {
        try (var other = relay.replica();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int person = 0; person < 20; person++) {
                var email = "dana" + person + "@example.com";
                Callable<String> here = () -> code(enter(relay, email, relay.clock().instant()));
                Callable<String> there = () -> code(enter(other, email, relay.clock().instant()));
                Set<String> codes =
                        threads.invokeAll(List.of(here, there, here, there)).stream()
                                .map(each -> each.resultNow())
                                .collect(Collectors.toSet());
                assertThat(codes).as(email).hasSize(1);
            }
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(20);
        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(20);
        assertThat(relay.count("SELECT count(*) FROM person_case")).isEqualTo(80);
        assertThat(relay.count("SELECT count(*) FROM case_request")).isEqualTo(80);
    }

    @Test
    void a_case_of_twenty_apps_with_twenty_systems_each_is_forwarded_to_all() {
        var systems = IntStream.range(0, 20).mapToObj(i -> "s" + i).toList();
        var apps = IntStream.range(0, 20).mapToObj(i -> Integer.toString(7000 + i)).toList();
        var yaml = new StringBuilder("systems:\n");
        for (var each : systems) {
            yaml.append("  - {id: ")
                    .append(each)
                    .append(", name: S, url: \"https://")
                    .append(each)
                    .append(".example.com/\", events: [person], accepts: [email], secrets:")
                    .append(" [{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]}\n");
        }
        yaml.append("apps:\n");
        for (var each : apps) {
            yaml.append("  - {id: \"")
                    .append(each)
                    .append("\", name: A, secrets: [{value: 5f0c6a8e9b1d4c")
                    .append(each)
                    .append("}], systems: [")
                    .append(String.join(", ", systems))
                    .append("]}\n");
        }
        relay.register(yaml.toString());

        var reply =
                relay.adminOnce(
                        "/cases",
                        "all",
                        fields("dana@example.com", relay.clock().instant())
                                .replace(
                                        "\"" + TestRelay.APP_ID + "\"",
                                        apps.stream()
                                                .map(each -> "\"" + each + "\"")
                                                .collect(Collectors.joining(", "))));

        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
        assertThat(Http.json(reply).get("requests")).hasSize(20);
        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(400);
    }

    @Test
    void the_oldest_that_is_open_is_the_one_that_came_first_and_not_the_one_recorded_first() {
        relay.metaAsksToDelete("1001");
        relay.clock().advance(Duration.ofMinutes(1));
        enter("dana@example.com", relay.clock().instant().minus(Duration.ofDays(20)));
        enter("alice@example.com", relay.clock().instant().minus(Duration.ofDays(3)));

        assertThat(relay.backlogs().ageOfOldestOpenRequest()).isEqualTo(Duration.ofDays(20));
        relay.dispatchOnce();
        assertThat(relay.backlogs().ageOfOldestOpenRequest()).isZero();
    }

    @Test
    void the_cases_of_a_request_are_found_by_it() {
        var first = enter("dana@example.com");
        relay.clock().advance(Duration.ofSeconds(1));
        enter("alice@example.com");
        var again = enter("dana@example.com");
        var request = first.at("/requests/0/request_id").textValue();

        var found = new ArrayList<String>();
        Http.json(relay.admin("/cases?request=" + request))
                .get("cases")
                .forEach(each -> found.add(each.get("id").textValue()));
        assertThat(found).containsExactly(first.get("id").textValue(), again.get("id").textValue());
        assertThat(Http.json(relay.admin("/cases?request=" + UUID.randomUUID())).get("cases"))
                .isEmpty();
        assertThat(relay.admin("/cases?request=1").statusCode()).isEqualTo(400);
    }

    private int act(JsonNode entered, String verb, String fields) {
        return relay.admin(
                        "/requests/"
                                + entered.at("/requests/0/request_id").textValue()
                                + "/"
                                + verb,
                        fields)
                .statusCode();
    }

    private int concerned(String fields) {
        var reply = relay.admin("/systems/crm/redeliver", fields);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Http.json(reply).get("deliveries").intValue();
    }

    private JsonNode enter(String email) {
        return enter(email, relay.clock().instant());
    }

    private JsonNode enter(String email, Instant received) {
        return enter(relay, email, received);
    }

    private static JsonNode enter(TestRelay replica, String email, Instant received) {
        var reply =
                replica.adminOnce("/cases", UUID.randomUUID().toString(), fields(email, received));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
        return Http.json(reply);
    }

    private static String fields(String email, Instant received) {
        return """
        "channel": "letter", "received_at": "%s", "right": "erasure", "apps": ["%s"],
        "identifiers": [{"type": "email", "value": "%s", "verified": "operator_letter"}]
        """
                .formatted(received, TestRelay.APP_ID, email);
    }

    private static String code(JsonNode entered) {
        return entered.at("/requests/0/confirmation_code").textValue();
    }
}
