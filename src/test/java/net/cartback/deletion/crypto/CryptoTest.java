package net.cartback.deletion.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.StandardWebhooks.Verdict;

import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

class CryptoTest {

    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final Keyring KEYRING = keyring(new KeyMaker(new SecureRandom()).generate(NOW));

    // The vector of Standard Webhooks 1.0.0.
    private static final WebhookSecret SECRET =
            WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private static final Instant AT = Instant.ofEpochSecond(1_614_265_330);
    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(UTF_8);
    private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    private static final SealContext PLACE = new SealContext("table", "column", "row");

    @Test
    void the_published_vector_of_v1_is_made() {
        assertThat(StandardWebhooks.sign(ID, AT, BODY, SECRET)).isEqualTo(SIGNATURE);
    }

    @Test
    void the_published_vector_of_v1a_is_made() {
        var whsk =
                Base64.getDecoder()
                        .decode(
                                "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==");
        var url = Base64.getUrlEncoder().withoutPadding();
        var keyring =
                keyring(
                        """
                        {"keys":[
                         {"kty":"oct","alg":"A256GCM","kid":"d","k":"%s"},
                         {"kty":"oct","alg":"HS256","kid":"i","k":"%s"},
                         {"kty":"OKP","crv":"Ed25519","kid":"s","d":"%s","x":"%s"}]}
                        """
                                .formatted(
                                        url.encodeToString(new byte[32]),
                                        url.encodeToString(new byte[32]),
                                        url.encodeToString(Arrays.copyOf(whsk, 32)),
                                        url.encodeToString(Arrays.copyOfRange(whsk, 32, 64))));

        assertThat(StandardWebhooks.sign(ID, AT, BODY, List.of(SECRET), keyring))
                .isEqualTo(
                        SIGNATURE
                                + " v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==");
    }

    @Test
    void a_valid_message_verifies_under_any_of_the_secrets_and_any_of_the_entries() {
        var other =
                WebhookSecret.parse("whsec_" + Base64.getEncoder().encodeToString(new byte[24]));

        assertThat(verify(ID, AT, "v2,x v1,AAAA " + SIGNATURE, BODY, List.of(other, SECRET)))
                .isEqualTo(Verdict.VALID);
    }

    @Test
    void any_changed_byte_of_a_message_is_refused() {
        var random = new Random(7);
        for (int i = 0; i < 200; i++) {
            var body = BODY.clone();
            body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
            assertThat(verify(ID, AT, SIGNATURE, body, List.of(SECRET)))
                    .isEqualTo(Verdict.BAD_SIGNATURE);
        }
        assertThat(verify(ID + "x", AT, SIGNATURE, BODY, List.of(SECRET)))
                .isEqualTo(Verdict.BAD_SIGNATURE);
        assertThat(verify(ID, AT.plusSeconds(1), SIGNATURE, BODY, List.of(SECRET)))
                .isEqualTo(Verdict.BAD_SIGNATURE);
        assertThat(verify(ID, AT, SIGNATURE, BODY, List.of())).isEqualTo(Verdict.BAD_SIGNATURE);
    }

    @Test
    void a_signature_of_another_form_is_told_from_one_of_another_secret() {
        var right = SIGNATURE.substring("v1,".length());
        var hex = HexFormat.of().formatHex(Base64.getDecoder().decode(right));
        for (var malformed : List.of("v1,%%%", "v1,", "v1," + hex, "v1," + right.substring(4))) {
            assertThat(verify(ID, AT, malformed, BODY, List.of(SECRET)))
                    .as(malformed)
                    .isEqualTo(Verdict.MALFORMED_ENTRY);
        }
        for (var other : List.of("", right, "v1a," + right, "V1," + right)) {
            assertThat(verify(ID, AT, other, BODY, List.of(SECRET)))
                    .as(other)
                    .isEqualTo(Verdict.NO_ENTRY);
        }
        var wrong = "v1," + Base64.getEncoder().encodeToString(new byte[32]);
        assertThat(verify(ID, AT, "v1,%%% " + wrong + " v2,x", BODY, List.of(SECRET)))
                .isEqualTo(Verdict.BAD_SIGNATURE);
        assertThat(verify(ID, AT, wrong + " " + SIGNATURE, BODY, List.of(SECRET)))
                .isEqualTo(Verdict.VALID);
    }

    @Test
    void five_minutes_of_difference_are_tolerated_both_ways_and_no_more() {
        for (int seconds : List.of(-300, 300)) {
            assertThat(
                            StandardWebhooks.verify(
                                    ID,
                                    "1614265330",
                                    SIGNATURE,
                                    BODY,
                                    List.of(SECRET),
                                    AT.plusSeconds(seconds)))
                    .isEqualTo(Verdict.VALID);
        }
        for (int seconds : List.of(-301, 301)) {
            assertThat(
                            StandardWebhooks.verify(
                                    ID,
                                    "1614265330",
                                    SIGNATURE,
                                    BODY,
                                    List.of(SECRET),
                                    AT.plusSeconds(seconds)))
                    .isEqualTo(Verdict.OUTSIDE_TOLERANCE);
        }
        for (var hostile : List.of("9223372036854775807", "-9223372036854775808")) {
            assertThat(StandardWebhooks.verify(ID, hostile, SIGNATURE, BODY, List.of(SECRET), AT))
                    .isEqualTo(Verdict.OUTSIDE_TOLERANCE);
        }
        assertThat(StandardWebhooks.verify(ID, "now", SIGNATURE, BODY, List.of(SECRET), AT))
                .isEqualTo(Verdict.BAD_TIMESTAMP);
        assertThat(StandardWebhooks.verify(ID, null, SIGNATURE, BODY, List.of(SECRET), AT))
                .isEqualTo(Verdict.MISSING_HEADER);
    }

    @Test
    void a_webhook_secret_is_24_to_64_bytes_in_base64_after_whsec() {
        for (var wrong :
                List.of(
                        "",
                        "whsec_",
                        "whsec_AAAA",
                        "secret",
                        "whsec_%%%%",
                        "whsec_" + "A".repeat(88))) {
            assertThatThrownBy(() -> WebhookSecret.parse(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("must ");
        }
        assertThat(SECRET.toString()).isEqualTo("WebhookSecret[hidden]");
    }

    @Test
    void what_was_sealed_for_a_place_opens_there_and_nowhere_else() {
        var sealer = KEYRING.sealer();
        var sealed = sealer.seal(PLACE, "10210123456789012");

        assertThat(sealer.open(PLACE, sealed)).isEqualTo("10210123456789012");
        assertThat(new String(sealed, UTF_8)).doesNotContain("10210123456789012");
        for (var elsewhere :
                List.of(
                        new SealContext("other", "column", "row"),
                        new SealContext("table", "other", "row"),
                        new SealContext("table", "column", "other"))) {
            assertThatThrownBy(() -> sealer.open(elsewhere, sealed)).isInstanceOf(SealBroken.class);
        }
    }

    @Test
    void any_changed_bit_breaks_a_seal() {
        var sealer = KEYRING.sealer();
        var sealed = sealer.seal(PLACE, "text");
        for (int bit = 0; bit < sealed.length * 8; bit++) {
            var changed = sealed.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> sealer.open(PLACE, changed)).isInstanceOf(SealBroken.class);
        }
        for (int length = 0; length < sealed.length; length++) {
            var cut = Arrays.copyOf(sealed, length);
            assertThatThrownBy(() -> sealer.open(PLACE, cut)).isInstanceOf(SealBroken.class);
        }
    }

    @Test
    void the_same_text_is_sealed_differently_each_time() {
        assertThat(KEYRING.sealer().seal(PLACE, "text"))
                .isNotEqualTo(KEYRING.sealer().seal(PLACE, "text"));
    }

    @Test
    void digests_keep_their_parts_apart() {
        var digest = KEYRING.digest("a", "bc").current();
        assertThat(digest).hasSize(32).isNotEqualTo(KEYRING.digest("ab", "c").current());
        assertThat(digest).isEqualTo(KEYRING.digest("a", "bc").current());
    }

    @Test
    void a_keyring_that_begins_with_null_is_no_keyring() {
        assertThatThrownBy(() -> keyring("null{}")).isInstanceOf(InvalidKeyring.class);
    }

    @Test
    void the_published_keys_hold_no_secret() {
        assertThat(KEYRING.publicKeys()).contains("\"x\"").doesNotContain("\"d\"", "\"k\"");
    }

    @Test
    void every_fault_of_a_keyring_is_named_and_no_key_is_quoted() {
        assertThatThrownBy(
                        () ->
                                keyring(
                                        """
                                        {"keys":[{"kty":"oct","alg":"A256GCM","kid":"d","k":"c2VjcmV0"},
                                                 {"kty":"oct","alg":"HS512","kid":"i","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}
                                        """))
                .isInstanceOfSatisfying(
                        InvalidKeyring.class,
                        e ->
                                assertThat(e.faults())
                                        .hasSize(5)
                                        .anyMatch(fault -> fault.startsWith("keys[0]: "))
                                        .anyMatch(fault -> fault.startsWith("keys[1]: "))
                                        .noneMatch(fault -> fault.contains("c2VjcmV0")));
        assertThatThrownBy(() -> keyring("not json")).isInstanceOf(InvalidKeyring.class);
    }

    private static Verdict verify(
            String id, Instant at, String signature, byte[] body, List<WebhookSecret> secrets) {
        return StandardWebhooks.verify(
                id, Long.toString(at.getEpochSecond()), signature, body, secrets, AT);
    }

    private static Keyring keyring(String json) {
        return Keyring.parse(json, InstantSource.fixed(NOW), new SecureRandom());
    }
}
