package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.JoseLibrary;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;

/** Proofs, verified by a JOSE library that knows nothing of the relay but its published keys. */
class ProofIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PERSON = "10210123456789012";
    private static final String RECEIPT =
            "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":"
                    + "\"legal_obligation\",\"until\":\"2032-12-31\"}]}";

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem shop;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(202, "");
        shop = new FakeClientSystem("shop").answers(200, "{\"outcome\":\"deleted\"}");
        relay.register(crm, shop);
    }

    @AfterEach
    void stop() {
        crm.close();
        shop.close();
        relay.close();
    }

    @Test
    void an_outsider_sees_who_answered_what_and_when() throws JsonProcessingException {
        var code = answered();
        var proof = verified(proof(code).body());

        assertThat(
                        Contract.load()
                                .faults(
                                        JSON.readTree("{\"$ref\":\"#/components/schemas/Proof\"}"),
                                        proof.toString()))
                .isEmpty();
        assertThat(proof.get("confirmation_code_sha256").textValue()).isEqualTo(sha256(code));
        assertThat(proof.get("app_id").textValue()).isEqualTo(TestRelay.APP_ID);
        assertThat(proof.get("completed_at").textValue())
                .isEqualTo(relay.status(code).get("completed_at").textValue());
        var signed = delivery(proof, "retained");
        assertThat(signed.at("/answer/basis").textValue()).isEqualTo("signed");
        assertThat(signed.at("/answer/receipt_sha256").textValue()).isEqualTo(sha256(RECEIPT));
        assertThat(signed.at("/answer/retained/0/until").textValue()).isEqualTo("2032-12-31");
        var inReply = delivery(proof, "deleted");
        assertThat(inReply.at("/answer/basis").textValue()).isEqualTo("in_reply");
        assertThat(inReply.at("/answer/receipt_sha256").isNull()).isTrue();
        assertThat(proof.toString()).doesNotContain(Dump.forms(PERSON)).doesNotContain(code);
    }

    @Test
    void what_is_open_is_said_to_be_open() {
        var code = relay.metaAsksToDelete(PERSON);
        var proof = verified(proof(code).body());

        assertThat(proof.get("completed_at").isNull()).isTrue();
        assertThat(proof.get("deliveries")).hasSize(2);
        assertThat(proof.at("/deliveries/0/answer").isNull()).isTrue();
    }

    @Test
    void a_hold_and_an_extension_are_told() throws JsonProcessingException {
        var code = relay.metaAsksToDelete(PERSON);
        var request = relay.texts("SELECT id::text FROM deletion_request").getFirst();
        var due = relay.status(code).get("due_at").textValue();
        assertThat(verified(proof(code).body()).get("hold").isNull()).isTrue();
        relay.admin("/requests/" + request + "/hold", "\"ground\": \"legal_claims\"");
        relay.admin("/requests/" + request + "/extend", "\"ground\": \"complexity\", \"days\": 60");
        var proof = verified(proof(code).body());
        assertThat(proof.at("/hold/ground").textValue()).isEqualTo("legal_claims");
        assertThat(proof.at("/extension/was_due_at").textValue()).isEqualTo(due);
        assertThat(
                        Contract.load()
                                .faults(
                                        JSON.readTree("{\"$ref\":\"#/components/schemas/Proof\"}"),
                                        proof.toString()))
                .isEmpty();
    }

    @Test
    void it_can_be_made_for_as_long_as_the_record_is_kept() {
        var code = answered();
        var before = verified(proof(code).body());

        relay.clock().advance(Duration.ofDays(36));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();
        var after = verified(proof(code).body());
        assertThat(after.get("deliveries")).isEqualTo(before.get("deliveries"));
        assertThat(after.get("iat")).isNotEqualTo(before.get("iat"));

        relay.clock().advance(Duration.ofDays(740));
        relay.retention().sweepIfDue();
        assertThat(proof(code).statusCode()).isEqualTo(404);
    }

    @Test
    void what_was_tampered_with_or_is_no_proof_does_not_verify() {
        var proof = proof(answered()).body();
        var parts = proof.split("\\.", -1);
        var other = new TestRelay();
        try {
            assertThat(JoseLibrary.verified(other.keyring().publicKeys(), proof)).isEmpty();
        } finally {
            other.close();
        }
        assertThat(JoseLibrary.verified(keys(), parts[0] + "." + parts[1] + "x." + parts[2]))
                .isEmpty();
        assertThat(JoseLibrary.verified(keys(), "eyJhbGciOiJub25lIn0." + parts[1] + ".")).isEmpty();
        assertThat(
                        JoseLibrary.verified(
                                keys(), relay.keyring().signDocument("audit-head+json", "{}")))
                .isEmpty();
    }

    @Test
    void unknown_and_malformed_codes_are_answered_alike() {
        var unknown = proof("7K3M9Q2XVB4T8WZC5N6R1YHDJF");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(proof("x").body()).isEqualTo(unknown.body());
    }

    /** A request of which one system answered in its reply, and one with a signed receipt. */
    private String answered() {
        var code = relay.metaAsksToDelete(PERSON);
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofMinutes(1));
        var received = crm.received().getFirst();
        assertThat(relay.receipt(received.webhookId(), crm.secret(), RECEIPT).statusCode())
                .isEqualTo(204);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        return code;
    }

    private HttpResponse<String> proof(String code) {
        return Http.send(HttpRequest.newBuilder(relay.uri("/status/" + code + "/proof")).build());
    }

    private String keys() {
        return Http.send(HttpRequest.newBuilder(relay.uri("/.well-known/jwks.json")).build())
                .body();
    }

    private JsonNode verified(String proof) {
        try {
            return JSON.readTree(JoseLibrary.verified(keys(), proof).orElseThrow());
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode delivery(JsonNode proof, String outcome) {
        for (var each : proof.get("deliveries")) {
            if (each.get("outcome").textValue().equals(outcome)) {
                return each;
            }
        }
        throw new AssertionError("No delivery has the outcome " + outcome);
    }

    private static String sha256(String text) {
        return HexFormat.of().formatHex(Digest.sha256(text.getBytes(StandardCharsets.UTF_8)));
    }
}
