package net.cartback.deletion.crypto;

import java.util.Base64;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * A symmetric secret of Standard Webhooks 1.0.0: {@code whsec_} and the base64 of 24 to 64 bytes.
 *
 * <p>Immutable. {@link #toString} does not show it.
 */
public final class WebhookSecret {

    /** With which each begins (Standard Webhooks 1.0.0). */
    public static final String PREFIX = "whsec_";

    private static final int MIN_BYTES = 24;
    private static final int MAX_BYTES = 64;

    private final SecretKey key;

    private WebhookSecret(SecretKey key) {
        this.key = key;
    }

    /**
     * Reads the text form.
     *
     * @throws IllegalArgumentException naming the rule that is broken, never the value
     */
    public static WebhookSecret parse(String text) {
        if (!text.startsWith(PREFIX)) {
            throw new IllegalArgumentException("must start with whsec_ (Standard Webhooks)");
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text.substring(PREFIX.length()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("must be whsec_ and standard base64", e);
        }
        if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
            throw new IllegalArgumentException("must be whsec_ and the base64 of 24 to 64 bytes");
        }
        return new WebhookSecret(new SecretKeySpec(bytes, "HmacSHA256"));
    }

    byte[] hmac(byte[] content) {
        return Keyring.hmac(key).doFinal(content);
    }

    /** Whether it is the same secret; takes as long for a wrong one. */
    @Override
    public boolean equals(Object other) {
        return other instanceof WebhookSecret secret && key.equals(secret.key);
    }

    @Override
    public int hashCode() {
        return key.hashCode();
    }

    @Override
    public String toString() {
        return "WebhookSecret[hidden]";
    }
}
