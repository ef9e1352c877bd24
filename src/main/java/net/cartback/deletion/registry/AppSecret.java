package net.cartback.deletion.registry;

import static java.nio.charset.StandardCharsets.US_ASCII;

import net.cartback.deletion.terms.Platform;

import org.jspecify.annotations.Nullable;

import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * One of the secrets with which Meta may sign an app's callbacks. The key is the secret's ASCII
 * text, not the bytes its hex digits spell (Meta, "Parsing the signed request").
 *
 * <p>Immutable. {@link #toString} does not show it.
 */
public final class AppSecret {

    private final UUID id;
    private final @Nullable String label;
    private final SecretKey key;
    private final @Nullable Instant notAfter;

    /**
     * A null or other label names no platform; without {@code notAfter} the secret does not end.
     */
    public AppSecret(UUID id, @Nullable String label, String value, @Nullable Instant notAfter) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("An app secret must not be empty");
        }
        this.id = id;
        this.label = label;
        this.key = new SecretKeySpec(value.getBytes(US_ASCII), "HmacSHA256");
        this.notAfter = notAfter;
    }

    /** Identifies the secret without telling it. */
    public UUID id() {
        return id;
    }

    /** What operators call it. */
    public @Nullable String label() {
        return label;
    }

    /** Whether the secret may still verify at this instant. */
    public boolean isActive(Instant now) {
        return notAfter == null || now.isBefore(notAfter);
    }

    /** The platform that the label names, if it names one. */
    public Optional<Platform> platform() {
        return Optional.ofNullable(label).flatMap(Platform::named);
    }

    /** HMAC-SHA256 of a part of an array. */
    public byte[] hmac(byte[] content, int from, int length) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            mac.update(content, from, length);
            return mac.doFinal();
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("HMAC-SHA256 is not available in this JVM", e);
        }
    }

    @Override
    public String toString() {
        return "AppSecret[" + id + "]";
    }
}
