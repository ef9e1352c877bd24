package net.cartback.deletion.intake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;

import net.cartback.deletion.registry.AppSecret;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Platform;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/**
 * Verifies Meta's {@code signed_request}: {@code <signature>.<payload>}, both base64url, the
 * signature being HMAC-SHA256 over the encoded payload under the app secret's text (Meta, "Data
 * Deletion Request Callback" and "Parsing the Signed Request").
 *
 * <p>Pure: text and secrets in, verdict out. Nothing is parsed before the signature is verified.
 */
final class SignedRequest {

    /** What the text came to. */
    sealed interface Verdict {

        /**
         * Signed by Meta, and about a person.
         *
         * @param platform that the matching secret's label names; null if it names none
         * @param issuedAt null if absent or unusable
         */
        record Valid(
                UUID secretId,
                @Nullable Platform platform,
                String userId,
                @Nullable Instant issuedAt)
                implements Verdict {

            @Override
            public String toString() {
                return "Valid[user hidden]";
            }
        }

        /** It is not of the form; the rule says what is wrong. */
        record Malformed(String rule) implements Verdict {}

        /** No active secret of the app made this signature. */
        record BadSignature() implements Verdict {}

        /** Signed, but not saying {@code HMAC-SHA256}. */
        record WrongAlgorithm() implements Verdict {}

        /** Signed, but about nobody: {@code user_id} is absent, empty, 0, or no text or integer. */
        record NoUser() implements Verdict {}
    }

    private static final int SIGNATURE_BYTES = 32;

    /** The last second of the year 9999: later ones have no ISO 8601 form. */
    static final long MAX_ISSUED_AT = 253_402_300_799L;

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(64)
                                    .maxNumberLength(MetaUser.MAX_LENGTH)
                                    .build())
                    // Two readers of a document with a key twice may see two different persons.
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build();

    private SignedRequest() {}

    /**
     * Verifies under the secrets, tried in order; those that are past their time are passed over.
     */
    static Verdict verify(String text, List<AppSecret> secrets, Instant now) {
        int dot = text.indexOf('.');
        if (dot < 0 || text.indexOf('.', dot + 1) >= 0) {
            return new Verdict.Malformed("must be two parts with one dot between them");
        }
        var bytes = text.getBytes(ISO_8859_1);
        var signature = decode(text, 0, dot);
        var payload = decode(text, dot + 1, text.length());
        if (signature == null || payload == null) {
            return new Verdict.Malformed("must be base64url on both sides of the dot");
        }
        var secret = signer(bytes, dot, signature, secrets, now);
        return secret == null ? new Verdict.BadSignature() : read(payload, secret);
    }

    private static @Nullable AppSecret signer(
            byte[] bytes, int dot, byte[] signature, List<AppSecret> secrets, Instant now) {
        if (signature.length != SIGNATURE_BYTES) {
            return null;
        }
        for (var secret : secrets) {
            if (secret.isActive(now)
                    && MessageDigest.isEqual(
                            secret.hmac(bytes, dot + 1, bytes.length - dot - 1), signature)) {
                return secret;
            }
        }
        return null;
    }

    private static Verdict read(byte[] payload, AppSecret secret) {
        String algorithm = null;
        String userId = null;
        Instant issuedAt = null;
        // Decoded strictly first: the parser would guess at UTF-16 and UTF-32.
        try (var json =
                JSON.createParser(UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString())) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return new Verdict.Malformed("must hold a JSON object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                var name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "algorithm" -> algorithm = json.getValueAsString();
                    case "user_id" -> userId = userId(json);
                    case "issued_at" -> issuedAt = issuedAt(json);
                    default -> {}
                }
                json.skipChildren();
            }
            if (json.nextToken() != null) {
                return new Verdict.Malformed("must hold one JSON object and nothing after it");
            }
        } catch (IOException e) {
            return new Verdict.Malformed("must hold a well-formed JSON object in UTF-8");
        }
        if (!"HMAC-SHA256".equals(algorithm) && !"hmac-sha256".equals(algorithm)) {
            return new Verdict.WrongAlgorithm();
        }
        return userId == null
                ? new Verdict.NoUser()
                : new Verdict.Valid(secret.id(), secret.platform().orElse(null), userId, issuedAt);
    }

    /** Text, or an integer in exactly its own digits: ids exceed what a double can hold. */
    private static @Nullable String userId(JsonParser json) throws IOException {
        var token = json.currentToken();
        if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NUMBER_INT) {
            return null;
        }
        var text = json.getText();
        boolean usable =
                MetaUser.isValid(text)
                        && (token == JsonToken.VALUE_STRING || text.charAt(0) != '-');
        return usable ? text : null;
    }

    private static @Nullable Instant issuedAt(JsonParser json) throws IOException {
        var token = json.currentToken();
        if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NUMBER_INT) {
            return null;
        }
        try {
            long seconds = Long.parseLong(json.getText());
            return seconds > 0 && seconds <= MAX_ISSUED_AT ? Instant.ofEpochSecond(seconds) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /**
     * Base64 of either alphabet, padded or not; null if it is none. The bits that the last
     * character leaves over must be zero, as every encoder makes them: else several texts were one
     * signature.
     */
    private static byte @Nullable [] decode(String text, int from, int to) {
        var digits = text.substring(from, to).replace('+', '-').replace('/', '_');
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(digits);
        } catch (IllegalArgumentException e) {
            return null;
        }
        var padded = Base64.getUrlEncoder().encodeToString(bytes);
        var bare = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        return bytes.length > 0 && (digits.equals(padded) || digits.equals(bare)) ? bytes : null;
    }

    /** Makes a signed request, as Meta does. */
    static String sign(String payload, AppSecret secret) {
        var base64 = Base64.getUrlEncoder().withoutPadding();
        var encoded = base64.encode(payload.getBytes(UTF_8));
        return base64.encodeToString(secret.hmac(encoded, 0, encoded.length))
                + "."
                + new String(encoded, ISO_8859_1);
    }
}
