package net.cartback.deletion.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.GoldenKeyring;

import org.junit.jupiter.api.Test;

import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;

/** What is sealed and digested today must be opened and found by every version to come. */
class GoldenVectorsTest {

    private static final HexFormat HEX = HexFormat.of();
    private static final SealContext PLACE =
            new SealContext(
                    "deletion_request", "subject_sealed", "0190f000-0000-7000-8000-000000000001");

    private final Keyring keyring = GoldenKeyring.load();

    @Test
    void a_sealed_value_of_version_1_is_opened() {
        var sealed =
                HEX.parseHex(
                        "0106646174612d67000102030405060708090a0b7632e42af5d4f028b974a1bc89d0485cb1dde37b5b77ef7dc78e4a90d7408b25ab");

        assertThat(keyring.sealer().open(PLACE, sealed)).isEqualTo("10210123456789012");
    }

    @Test
    void a_value_is_sealed_in_version_1() {
        var sealed = keyring.sealer().seal(PLACE, "10210123456789012");

        assertThat(HEX.formatHex(sealed))
                .startsWith("0106" + HEX.formatHex("data-g".getBytes(UTF_8)));
        assertThat(sealed).hasSize(2 + 6 + 12 + 17 + 16);
    }

    @Test
    void a_digest_is_the_same_for_ever() {
        assertThat(
                        HEX.formatHex(
                                keyring.digest(
                                                "deletion",
                                                "1234567890",
                                                "10210123456789012",
                                                "1700000000")
                                        .current()))
                .isEqualTo("107ae85631c9f83619b1f66c03d1cb137b0f98fe7f7ddfea2066c463ed7b669e");
    }

    @Test
    void the_check_of_a_key_is_the_same_for_ever() {
        var checks =
                keyring.known().stream()
                        .collect(
                                Collectors.toMap(
                                        Keyring.KeyInfo::kid, each -> HEX.formatHex(each.check())));

        assertThat(checks)
                .isEqualTo(
                        Map.of(
                                "data-g",
                                "3ff203f71c3826bba570eee04bdefa046bb0a799ecef8078e543475f0193cc64",
                                "index-g",
                                "46750a7d79069e8174f907259ec8a4d171c73ca7fe8e87b3801d50cdccf8a169",
                                "signing-g",
                                "210c107b37f9c3fa1df6652b5acb035dddb44df05d02373950a7b1e1f0f85997"));
    }
}
