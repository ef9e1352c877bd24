package net.cartback.deletion.intake;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.registry.AppSecret;

import java.time.Instant;

/** Signed requests such as Meta sends, made with a registered secret, for trying the callback. */
public final class SampleSignedRequest {

    /** Later seconds since 1970 are taken for absent. */
    public static final long MAX_ISSUED_AT = SignedRequest.MAX_ISSUED_AT;

    private SampleSignedRequest() {}

    /** A deletion of this user, asked for at this time (to the second). */
    public static String of(String userId, Instant issuedAt, AppSecret secret) {
        var payload =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("algorithm", "HMAC-SHA256")
                        .put("issued_at", issuedAt.getEpochSecond())
                        .put("user_id", userId);
        return SignedRequest.sign(payload.toString(), secret);
    }
}
