package net.cartback.deletion.intake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.intake.SignedRequest.Verdict;
import net.cartback.deletion.registry.AppSecret;
import net.cartback.deletion.terms.Platform;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;

class SignedRequestTest {

    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final AppSecret SECRET = secret("0123456789abcdef0123456789abcdef");

    static Stream<JsonNode> vectors() throws IOException {
        try (var in = SignedRequestTest.class.getResourceAsStream("/signed_request.json")) {
            return new ObjectMapper().readTree(in).valueStream();
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void every_vector_gets_its_verdict(JsonNode vector) {
        var verdict =
                SignedRequest.verify(
                        vector.get("signed_request").textValue(),
                        List.of(secret(vector.get("secret").textValue())),
                        NOW);

        var expected = vector.get("expect").textValue();
        if (expected.startsWith("valid")) {
            assertThat(verdict)
                    .isInstanceOfSatisfying(
                            Verdict.Valid.class,
                            valid ->
                                    assertThat(valid.userId())
                                            .isEqualTo(vector.at("/payload/user_id").asText()));
        } else if (expected.contains("no user_id")) {
            assertThat(verdict).isInstanceOf(Verdict.NoUser.class);
        } else if (expected.contains("algorithm")) {
            assertThat(verdict).isInstanceOf(Verdict.WrongAlgorithm.class);
        } else {
            assertThat(expected).isEqualTo("refused: signature");
            assertThat(verdict).isInstanceOf(Verdict.BadSignature.class);
        }
    }

    @Test
    void any_changed_byte_is_refused() {
        var text =
                sign("{\"algorithm\":\"HMAC-SHA256\",\"issued_at\":1700000000,\"user_id\":\"1\"}");
        var random = new Random(20261124);
        for (int position = 0; position < text.length(); position++) {
            for (int i = 0; i < 40; i++) {
                char changed = (char) random.nextInt(1, 256);
                if (sameBits(changed, text.charAt(position))) {
                    continue;
                }
                var mutated = text.substring(0, position) + changed + text.substring(position + 1);
                assertThat(verify(mutated))
                        .as("byte %d changed to %d", position, (int) changed)
                        .isNotInstanceOf(Verdict.Valid.class);
            }
        }
    }

    /** The two alphabets of base64 spell the same bits with different characters. */
    private static boolean sameBits(char a, char b) {
        return a == b || bothIn("-+", a, b) || bothIn("_/", a, b);
    }

    private static boolean bothIn(String pair, char a, char b) {
        return pair.indexOf(a) >= 0 && pair.indexOf(b) >= 0;
    }

    @Test
    void inserted_and_removed_bytes_are_refused() {
        var text = sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\"}");
        for (int i = 0; i < text.length(); i++) {
            assertThat(verify(text.substring(0, i) + text.substring(i + 1)))
                    .isNotInstanceOf(Verdict.Valid.class);
            assertThat(verify(text.substring(0, i) + "A" + text.substring(i)))
                    .isNotInstanceOf(Verdict.Valid.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "abc",
                "a.b.c",
                "abcd.",
                ".abcd",
                "====.====",
                "a=b.abcd",
                "é.ü",
                "ab cd.abcd",
                "abcd\n.abcd",
                "abcde.abcd",
                "ab=.abcd",
                "\u0000.\u0000",
                "AAAA.\ud83d\ude00"
            })
    void what_is_not_of_the_form_is_malformed(String text) {
        assertThat(verify(text)).isInstanceOf(Verdict.Malformed.class);
    }

    @Test
    void ten_megabytes_are_refused() {
        assertThat(verify("A".repeat(10_000_000))).isInstanceOf(Verdict.Malformed.class);
        assertThat(verify("AAAA." + "A".repeat(10_000_000)))
                .isInstanceOf(Verdict.BadSignature.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "[]",
                "[{\"user_id\":\"1\"}]",
                "\"text\"",
                "17",
                "",
                "{",
                "{} {}",
                "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"user_id\":\"2\"}",
                "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"x\":{\"a\":1,\"a\":2}}",
                "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\"}}",
                "{'algorithm':'HMAC-SHA256','user_id':'1'}"
            })
    void a_signed_payload_that_is_no_single_object_is_malformed(String payload) {
        assertThat(verify(sign(payload))).isInstanceOf(Verdict.Malformed.class);
    }

    @Test
    void invalid_utf_8_is_malformed() {
        var json = "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"\u00ff\"}";

        assertThat(verify(signBytes(json.getBytes(StandardCharsets.ISO_8859_1))))
                .isInstanceOf(Verdict.Malformed.class);
        assertThat(verify(signBytes(json.getBytes(StandardCharsets.UTF_16))))
                .isInstanceOf(Verdict.Malformed.class);
    }

    @Test
    void deep_nesting_is_malformed() {
        assertThat(
                        verify(
                                sign(
                                        "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"x\":"
                                                + "[".repeat(5000)
                                                + "]".repeat(5000)
                                                + "}")))
                .isInstanceOf(Verdict.Malformed.class);
    }

    @Test
    void nested_fields_of_the_same_names_do_not_count() {
        assertThat(
                        verify(
                                sign(
                                        "{\"user\":{\"user_id\":\"2\",\"algorithm\":\"none\"},"
                                            + "\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\"}")))
                .isInstanceOfSatisfying(
                        Verdict.Valid.class, valid -> assertThat(valid.userId()).isEqualTo("1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "BOGUS", "HMAC-SHA1", "Hmac-Sha256", "", "null"})
    void every_other_algorithm_is_refused(String algorithm) {
        assertThat(verify(sign("{\"algorithm\":\"" + algorithm + "\",\"user_id\":\"1\"}")))
                .isInstanceOf(Verdict.WrongAlgorithm.class);
    }

    @Test
    void the_lower_case_algorithm_is_accepted_and_its_absence_is_not() {
        assertThat(verify(sign("{\"algorithm\":\"hmac-sha256\",\"user_id\":\"1\"}")))
                .isInstanceOf(Verdict.Valid.class);
        assertThat(verify(sign("{\"user_id\":\"1\"}"))).isInstanceOf(Verdict.WrongAlgorithm.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"\"",
                "\" \"",
                "0",
                "\"0\"",
                "-0",
                "null",
                "true",
                "[]",
                "{}",
                "1.5",
                "1e3",
                "-17",
                "\"\\ud800\""
            })
    void an_unusable_user_id_is_nobody(String userId) {
        assertThat(verify(sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":" + userId + "}")))
                .isInstanceOf(Verdict.NoUser.class);
    }

    @Test
    void a_number_keeps_every_digit_and_equals_its_text() {
        var digits = "98765432109876543210987654321";
        for (var spelled : List.of(digits, '"' + digits + '"')) {
            assertThat(verify(sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":" + spelled + "}")))
                    .isInstanceOfSatisfying(
                            Verdict.Valid.class,
                            valid -> assertThat(valid.userId()).isEqualTo(digits));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "\"\"",
                "\"soon\"",
                "null",
                "1.5",
                "[]",
                "{}",
                "true",
                "99999999999999999999",
                "253402300800"
            })
    void an_unusable_issued_at_counts_as_absent(String issuedAt) {
        var payload =
                "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"issued_at\":" + issuedAt + "}";

        assertThat(verify(sign(payload)))
                .isInstanceOfSatisfying(
                        Verdict.Valid.class, valid -> assertThat(valid.issuedAt()).isNull());
    }

    @Test
    void issued_at_is_read_from_a_number_and_from_text() {
        for (var spelled : List.of("1700000000", "\"1700000000\"")) {
            assertThat(
                            verify(
                                    sign(
                                            "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"issued_at\":"
                                                    + spelled
                                                    + "}")))
                    .isInstanceOfSatisfying(
                            Verdict.Valid.class,
                            valid ->
                                    assertThat(valid.issuedAt())
                                            .isEqualTo(Instant.ofEpochSecond(1_700_000_000)));
        }
    }

    @Test
    void secrets_are_tried_in_order_and_the_one_that_matches_is_told() {
        var other = new AppSecret(UUID.randomUUID(), "facebook", "another", null);
        var instagram = new AppSecret(UUID.randomUUID(), "instagram", "the one", null);
        var text =
                SignedRequest.sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\"}", instagram);

        assertThat(SignedRequest.verify(text, List.of(other, instagram), NOW))
                .isInstanceOfSatisfying(
                        Verdict.Valid.class,
                        valid -> {
                            assertThat(valid.secretId()).isEqualTo(instagram.id());
                            assertThat(valid.platform()).isEqualTo(Platform.INSTAGRAM);
                        });
    }

    @Test
    void a_secret_past_its_time_does_not_verify() {
        var ended = new AppSecret(UUID.randomUUID(), null, "ended", NOW);
        var text = SignedRequest.sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\"}", ended);

        assertThat(SignedRequest.verify(text, List.of(ended), NOW.minusSeconds(1)))
                .isInstanceOf(Verdict.Valid.class);
        assertThat(SignedRequest.verify(text, List.of(ended), NOW))
                .isInstanceOf(Verdict.BadSignature.class);
    }

    @Test
    void the_standard_alphabet_and_padding_are_read_too() {
        var payload =
                "{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"1\",\"x\":\"\u00ff\u00ff~~??\"}";
        var encoded = Base64.getEncoder().encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        var bytes = encoded.getBytes(StandardCharsets.US_ASCII);
        var signature = Base64.getEncoder().encodeToString(SECRET.hmac(bytes, 0, bytes.length));

        assertThat(verify(signature + "." + encoded)).isInstanceOf(Verdict.Valid.class);
    }

    @Test
    void a_verdict_does_not_show_the_person() {
        var text = sign("{\"algorithm\":\"HMAC-SHA256\",\"user_id\":\"10210123456789012\"}");

        assertThat(verify(text).toString()).doesNotContain("10210123456789012");
    }

    private static Verdict verify(String text) {
        return SignedRequest.verify(text, List.of(SECRET), NOW);
    }

    private static String sign(String payload) {
        return SignedRequest.sign(payload, SECRET);
    }

    private static String signBytes(byte[] payload) {
        var encoded = Base64.getUrlEncoder().withoutPadding().encode(payload);
        return Base64.getUrlEncoder().encodeToString(SECRET.hmac(encoded, 0, encoded.length))
                + "."
                + new String(encoded, StandardCharsets.US_ASCII);
    }

    private static AppSecret secret(String value) {
        return new AppSecret(new UUID(0, 1), null, value, null);
    }
}
