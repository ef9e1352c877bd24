package net.cartback.deletion.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Digests without a key, for what is public or has entropy of its own. */
public final class Digest {

    private Digest() {}

    /** SHA-256 (FIPS 180-4): 32 bytes. */
    public static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is not available in this JVM", e);
        }
    }
}
