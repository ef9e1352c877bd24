package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.access.Tokens;
import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.attention.Attention.Cause;
import net.cartback.deletion.attention.Attentions;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.keys.KeyRegister;

import okhttp3.tls.HeldCertificate;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What needs an operator stands in one list, with what mends it. */
class AttentionIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(202, "");
        relay = new TestRelay().register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void where_all_is_well_there_is_nothing() {
        crm.answers(200, DELETED);
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        assertThat(attention()).isEmpty();
    }

    @Test
    void what_was_accepted_in_doubt_is_told_until_it_is_answered_or_silent() {
        crm.answers(200, "<html>Please log in");
        var code = relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var doubted = only(Cause.IN_DOUBT);
        assertThat(doubted.get("concerned").textValue()).isEqualTo("crm");
        assertThat(doubted.get("detail").textValue()).isEqualTo("unclear");
        assertThat(doubted.get("count").intValue()).isEqualTo(1);
        assertThat(instant(doubted, "due_at"))
                .isEqualTo(due("SELECT due_at FROM deletion_request"));

        var id = relay.texts("SELECT id::text FROM delivery").getFirst();
        relay.receipt(id, crm.secret(), DELETED);
        assertThat(relay.status(code).get("outcome").textValue()).isEqualTo("deleted");
        assertThat(attention()).isEmpty();
    }

    @Test
    void a_command_tells_that_no_relay_was_seen() {
        var now = relay.clock().instant();
        assertThat(Attentions.noRelay(relay.database(), now))
                .singleElement()
                .extracting(Attention::cause)
                .isEqualTo(Cause.NO_RELAY);
        new KeyRegister(relay.database(), relay.keyring(), relay.clock()).beat();
        assertThat(Attentions.noRelay(relay.database(), now)).isEmpty();
        assertThat(Attentions.noRelay(relay.database(), now.plusSeconds(61))).hasSize(1);
    }

    @Test
    void requests_that_are_due_soon_and_overdue_are_told_with_the_nearest_date() {
        relay.metaAsksToDelete("1");
        relay.metaAsksToDelete("2");
        var due = due("SELECT min(due_at) FROM deletion_request");
        relay.clock().advance(Duration.ofDays(22));
        assertThat(causes()).doesNotContainKey(Cause.DUE_SOON.wireName());
        relay.clock().advance(Duration.ofDays(2));
        var soon = only(Cause.DUE_SOON);
        assertThat(soon.get("count").intValue()).isEqualTo(2);
        assertThat(instant(soon, "due_at")).isEqualTo(due);
        assertThat(soon.get("since").isNull()).isTrue();

        relay.clock().advance(Duration.ofDays(7));
        var overdue = only(Cause.OVERDUE);
        assertThat(instant(overdue, "since")).isEqualTo(due);
        assertThat(causes()).doesNotContainKey(Cause.DUE_SOON.wireName());
    }

    @Test
    void what_is_parked_is_told_by_system_and_reason_and_leaves_the_list_when_it_is_mended() {
        crm.answers(400, "");
        relay.metaAsksToDelete("1");
        relay.metaAsksToDelete("2");
        relay.dispatchOnce();
        crm.answers(422, "");
        relay.metaAsksToDelete("3");
        relay.dispatchOnce();
        var parked =
                attention().stream()
                        .filter(each -> each.get("cause").textValue().equals("parked"))
                        .collect(
                                Collectors.toMap(
                                        each -> each.get("detail").textValue(),
                                        each -> each.get("count").intValue()));
        assertThat(parked).isEqualTo(Map.of("status_400", 2, "status_422", 1));
        assertThat(attention().getFirst().get("concerned").textValue()).isEqualTo("crm");

        crm.answers(200, DELETED);
        var path =
                attention()
                        .getFirst()
                        .get("remedy")
                        .textValue()
                        .replaceFirst(".*POST (\\S+) .*", "$1");
        assertThat(relay.admin("/" + path, "").statusCode()).isEqualTo(200);
        relay.dispatchOnce();
        assertThat(attention()).isEmpty();
    }

    @Test
    void a_held_and_a_paused_system_are_told_since_when() {
        crm.answers(404, "");
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var held = only(Cause.HELD);
        assertThat(held.get("detail").textValue()).isEqualTo("status_404");
        assertThat(held.get("count").intValue()).isEqualTo(1);
        assertThat(held.get("since").isNull()).isFalse();
        var since = held.get("since").textValue();
        relay.admin("/systems/crm/pause", "");
        assertThat(only(Cause.HELD).get("detail").textValue()).isEqualTo("paused");
        assertThat(only(Cause.HELD).get("since").textValue()).as("held all along").isEqualTo(since);

        crm.answers(200, DELETED);
        relay.admin("/systems/crm/resume", "");
        relay.dispatchOnce();
        assertThat(attention()).isEmpty();
        assertThat(relay.texts("SELECT held_since::text FROM system_gate")).containsOnlyNulls();
    }

    @Test
    void a_system_that_is_silent_and_one_that_contradicts_itself_are_told() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofDays(8));
        relay.dispatchOnce();
        relay.dispatchOnce();
        assertThat(only(Cause.SILENT).get("concerned").textValue()).isEqualTo("crm");

        var id = relay.texts("SELECT id::text FROM delivery").getFirst();
        relay.receipt(id, crm.secret(), DELETED);
        relay.receipt(id, crm.secret(), "{\"outcome\":\"nothing_found\"}");
        assertThat(only(Cause.CONTRADICTED).get("concerned").textValue()).isEqualTo("crm");
        relay.admin("/deliveries/" + id + "/amend", "\"outcome\": \"nothing_found\"");
        assertThat(causes())
                .as("an operator has said which one stands")
                .doesNotContainKeys("silent", "contradicted");
    }

    @Test
    void an_app_whose_callbacks_are_all_refused_is_told_until_one_is_right() {
        var signed = relay.signedRequest("1");
        var forged = (signed.charAt(0) == 'A' ? 'B' : 'A') + signed.substring(1);
        relay.callback(forged);
        relay.callback(forged);
        assertThat(attention()).as("two may be a stranger's").isEmpty();
        relay.callback(forged);
        var told = only(Cause.SIGNATURES_REFUSED);
        assertThat(told.get("concerned").textValue()).isEqualTo(TestRelay.APP_ID);
        assertThat(told.get("count").intValue()).isEqualTo(3);

        relay.callback(signed);
        assertThat(causes()).doesNotContainKey("signatures_refused");
    }

    @Test
    void an_app_without_systems_and_secrets_that_end_are_told() {
        var end = relay.clock().instant().plus(Duration.ofDays(13));
        relay.register(
                """
                apps:
                  - id: "4711"
                    name: Alone
                    secrets: [{value: 0123456789abcdef0123456789abcdee, not_after: "%s"}]
                """
                        .formatted(end));
        assertThat(only(Cause.NO_SYSTEM).get("concerned").textValue()).isEqualTo("4711");
        var secret = only(Cause.SECRET_ENDS);
        assertThat(secret.get("concerned").textValue()).isEqualTo("4711");
        assertThat(instant(secret, "due_at")).isEqualTo(end);
    }

    @Test
    void an_authority_and_a_token_that_end_are_told() {
        var now = relay.clock().instant();
        var first = authority(now.plus(Duration.ofDays(13)));
        var next = authority(now.plus(Duration.ofDays(400)));
        relay.execute("UPDATE client_system SET ca = '" + first + "'");
        var told = only(Cause.CERTIFICATE_ENDS);
        assertThat(told.get("concerned").textValue()).isEqualTo("crm");
        relay.execute("UPDATE client_system SET ca = '" + first + next + "'");
        assertThat(causes()).as("the next one is there").doesNotContainKey("certificate_ends");

        var tokens = new Tokens(relay.database(), relay.clock());
        var random = new SecureRandom();
        tokens.add("ending", Role.VIEWER, now.plus(Duration.ofDays(3)), random);
        tokens.add("lasting", Role.VIEWER, now.plus(Duration.ofDays(300)), random);
        assertThat(only(Cause.SECRET_ENDS).get("concerned").textValue()).isEqualTo("ending");
        relay.clock().advance(Duration.ofDays(4));
        assertThat(causes()).as("nobody can use it").doesNotContainKey("secret_ends");
    }

    private static String authority(Instant end) {
        return new HeldCertificate.Builder()
                .certificateAuthority(0)
                .validityInterval(0, end.toEpochMilli())
                .build()
                .certificatePem();
    }

    @Test
    void a_sweep_that_does_not_come_and_a_replica_that_was_killed_are_told() {
        relay.execute(
                "INSERT INTO retention_sweep (started_at, ended_at, erased, dropped) VALUES"
                        + " ('2020-01-01 00:00Z', '2020-01-01 00:00Z', 0, 0)");
        relay.execute("INSERT INTO replica VALUES (uuidv7(), '2020-01-01', '2020-01-01', '{}')");
        assertThat(instant(only(Cause.SWEEP_BEHIND), "since"))
                .isEqualTo(Instant.parse("2020-01-01T00:00:00Z"));
        assertThat(only(Cause.REPLICA_LOST).get("count").intValue()).isEqualTo(1);
    }

    private List<JsonNode> attention() {
        var rows = new ArrayList<JsonNode>();
        Http.json(relay.admin("/attention")).get("attention").forEach(rows::add);
        return rows;
    }

    private Map<String, JsonNode> causes() {
        return attention().stream()
                .collect(
                        Collectors.toMap(
                                each -> each.get("cause").textValue(),
                                each -> each,
                                (one, other) -> one));
    }

    private JsonNode only(Cause cause) {
        return Optional.ofNullable(causes().get(cause.wireName())).orElseThrow();
    }

    private static Instant instant(JsonNode row, String field) {
        return Instant.parse(row.get(field).textValue());
    }

    private Instant due(String sql) {
        return Instant.parse(
                relay.texts(
                                "SELECT to_char(("
                                        + sql
                                        + ") AT TIME ZONE 'UTC',"
                                        + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
                        .getFirst());
    }
}
