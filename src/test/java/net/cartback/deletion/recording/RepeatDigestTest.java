package net.cartback.deletion.recording;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.GoldenKeyring;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.HexFormat;

/** By these digests a wish is recognised for as long as it is known: they must never change. */
class RepeatDigestTest {

    private static final Instant ISSUED = Instant.ofEpochSecond(1_700_000_000);

    @Test
    void a_digest_is_the_same_for_ever() {
        assertThat(digest(Kind.DELETION, IdType.APP_SCOPED_USER_ID, ISSUED))
                .isEqualTo("107ae85631c9f83619b1f66c03d1cb137b0f98fe7f7ddfea2066c463ed7b669e");
        assertThat(digest(Kind.DELETION, IdType.APP_SCOPED_USER_ID, null))
                .isEqualTo("b2e528adecae9b990b25af0db87ea747f348deb9cee715e0da78a6ae31b25659");
        assertThat(digest(Kind.DELETION, IdType.PAGE_SCOPED_USER_ID, null))
                .isEqualTo("fd85ef56da38782727143dc0c14545eee0a6964565111e5ec6c89e984b32b130");
        assertThat(digest(Kind.DEAUTHORIZATION, IdType.APP_SCOPED_USER_ID, ISSUED))
                .isEqualTo("a2411d3ab16bbf8d68a5e0ac06f5052db3ace62e623766e14d56249285dcdabf");
    }

    @Test
    void an_id_of_no_known_kind_goes_by_its_number() {
        assertThat(digest(Kind.DELETION, IdType.META_USER_ID, ISSUED))
                .isEqualTo(digest(Kind.DELETION, IdType.APP_SCOPED_USER_ID, ISSUED));
    }

    private static String digest(Kind kind, IdType type, @Nullable Instant issuedAt) {
        return HexFormat.of()
                .formatHex(
                        RepeatDigest.of(
                                        GoldenKeyring.load(),
                                        kind,
                                        new MetaAppId("1234567890"),
                                        new MetaUser("10210123456789012", type),
                                        issuedAt)
                                .current());
    }
}
