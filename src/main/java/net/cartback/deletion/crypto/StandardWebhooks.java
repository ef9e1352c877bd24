package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Signatures of Standard Webhooks 1.0.0: {@code v1} (HMAC-SHA256) and {@code v1a} (Ed25519), both
 * over {@code {id}.{timestamp}.{body}}.
 */
public final class StandardWebhooks {

    /** How far a sender's clock may be from ours, both ways. */
    public static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** Entries of one signature header that are looked at; more is an attempt to make us work. */
    private static final int MAX_ENTRIES = 32;

    private static final int HMAC_BYTES = 32;

    private StandardWebhooks() {}

    /** What verifying a received message came to. */
    public enum Verdict {
        VALID,
        MISSING_HEADER,
        BAD_TIMESTAMP,
        OUTSIDE_TOLERANCE,
        /** There is no entry that begins with {@code v1,}. */
        NO_ENTRY,
        /** No {@code v1} entry is what HMAC-SHA256 makes: 32 bytes in standard base64. */
        MALFORMED_ENTRY,
        /** It is made with another secret, or of other bytes. */
        BAD_SIGNATURE
    }

    /**
     * The {@code webhook-signature} header: one {@code v1} entry under each secret, in order, then
     * one {@code v1a} entry under the relay's signing key.
     */
    public static String sign(
            String id, Instant at, byte[] body, List<WebhookSecret> secrets, Keyring keyring) {
        var content = signedContent(id, Long.toString(at.getEpochSecond()), body);
        var base64 = Base64.getEncoder();
        var entries = new ArrayList<String>(secrets.size() + 1);
        for (var secret : secrets) {
            entries.add("v1," + base64.encodeToString(secret.hmac(content)));
        }
        entries.add("v1a," + base64.encodeToString(keyring.sign(content)));
        return String.join(" ", entries);
    }

    /** The {@code webhook-signature} header under secrets alone, as a client system writes it. */
    public static String sign(String id, Instant at, byte[] body, WebhookSecret secret) {
        var content = signedContent(id, Long.toString(at.getEpochSecond()), body);
        return "v1," + Base64.getEncoder().encodeToString(secret.hmac(content));
    }

    /**
     * Verifies a received message by its {@code v1} entries: any entry under any of the secrets
     * makes it valid. Null headers count as missing.
     */
    public static Verdict verify(
            @Nullable String id,
            @Nullable String timestamp,
            @Nullable String signatures,
            byte[] body,
            List<WebhookSecret> secrets,
            Instant now) {
        if (id == null || timestamp == null || signatures == null) {
            return Verdict.MISSING_HEADER;
        }
        long seconds;
        try {
            seconds = Long.parseLong(timestamp);
        } catch (NumberFormatException e) {
            return Verdict.BAD_TIMESTAMP;
        }
        // Compared as numbers: Instant would overflow on a hostile timestamp.
        if (seconds < now.minus(TOLERANCE).getEpochSecond()
                || seconds > now.plus(TOLERANCE).getEpochSecond()) {
            return Verdict.OUTSIDE_TOLERANCE;
        }
        var content = signedContent(id, timestamp, body);
        var expected = secrets.stream().map(secret -> secret.hmac(content)).toList();
        var entries = signatures.split(" ", MAX_ENTRIES + 1);
        var verdict = Verdict.NO_ENTRY;
        for (int i = 0; i < Math.min(entries.length, MAX_ENTRIES); i++) {
            if (entries[i].startsWith("v1,")) {
                var ofEntry = verify(entries[i].substring("v1,".length()), expected);
                if (ofEntry == Verdict.VALID) {
                    return ofEntry;
                }
                // What is told is of the entry that came closest.
                verdict = verdict.compareTo(ofEntry) < 0 ? ofEntry : verdict;
            }
        }
        return verdict;
    }

    private static Verdict verify(String base64, List<byte[]> expected) {
        byte[] given;
        try {
            given = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return Verdict.MALFORMED_ENTRY;
        }
        if (given.length != HMAC_BYTES) {
            return Verdict.MALFORMED_ENTRY;
        }
        // No early exit: how long this takes must not tell which secret came close.
        boolean found = false;
        for (var candidate : expected) {
            found |= MessageDigest.isEqual(candidate, given);
        }
        return found ? Verdict.VALID : Verdict.BAD_SIGNATURE;
    }

    private static byte[] signedContent(String id, String timestamp, byte[] body) {
        var head = (id + "." + timestamp + ".").getBytes(UTF_8);
        return ByteBuffer.allocate(head.length + body.length).put(head).put(body).array();
    }
}
