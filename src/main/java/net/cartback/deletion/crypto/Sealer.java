package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Seals values at rest with AES-256-GCM and opens them again.
 *
 * <p>Form of a sealed value: one byte version (1), one byte length of the key id, the key id in
 * ASCII, 12 bytes nonce, ciphertext with a 16 byte tag. The {@link SealContext} is associated data.
 * Nonces are random, which NIST SP 800-38D (section 8.3) allows for 2^32 values under one key.
 */
public final class Sealer {

    private static final byte VERSION = 1;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    /** To look a cipher up costs more than to use it; each is initialised anew for each use. */
    private static final BlockingQueue<Cipher> IDLE = new ArrayBlockingQueue<>(64);

    private final Keyring keyring;
    private final SecureRandom random;

    Sealer(Keyring keyring, SecureRandom random) {
        this.keyring = keyring;
        this.random = random;
    }

    /** How everything begins that is sealed under the data key in force. */
    public byte[] prefix() {
        return prefix(keyring.dataKey().kid());
    }

    /** How everything begins that is sealed under this data key. */
    public static byte[] prefix(String kid) {
        var name = kid.getBytes(UTF_8);
        return ByteBuffer.allocate(2 + name.length)
                .put(VERSION)
                .put((byte) name.length)
                .put(name)
                .array();
    }

    /** Seals text for one place, under the data key in force. */
    public byte[] seal(SealContext place, String text) {
        return seal(place, text.getBytes(UTF_8));
    }

    /** Seals bytes for one place, under the data key in force. */
    public byte[] seal(SealContext place, byte[] content) {
        var key = keyring.dataKey();
        var prefix = prefix(key.kid());
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        var ciphertext = apply(Cipher.ENCRYPT_MODE, key.secret(), nonce, place, content);
        return ByteBuffer.allocate(prefix.length + NONCE_BYTES + ciphertext.length)
                .put(prefix)
                .put(nonce)
                .put(ciphertext)
                .array();
    }

    /**
     * Opens text that was sealed for this place.
     *
     * @throws SealBroken if the form, the key, the place or the content is not what was sealed
     */
    public String open(SealContext place, byte[] sealed) {
        return new String(openBytes(place, sealed), UTF_8);
    }

    /**
     * Opens bytes that were sealed for this place.
     *
     * @throws SealBroken as {@link #open}
     */
    public byte[] openBytes(SealContext place, byte[] sealed) {
        var buffer = ByteBuffer.wrap(sealed);
        if (sealed.length < 2 || buffer.get() != VERSION) {
            throw new SealBroken("A sealed value has an unknown form in " + at(place));
        }
        int kidLength = Byte.toUnsignedInt(buffer.get());
        if (buffer.remaining() < kidLength + NONCE_BYTES + TAG_BYTES) {
            throw new SealBroken("A sealed value is cut short in " + at(place));
        }
        var kid = new byte[kidLength];
        buffer.get(kid);
        var nonce = new byte[NONCE_BYTES];
        buffer.get(nonce);
        var ciphertext = new byte[buffer.remaining()];
        buffer.get(ciphertext);
        var key = keyring.dataKey(new String(kid, UTF_8));
        if (key == null) {
            throw new SealBroken(
                    "The key that sealed a value in " + at(place) + " is not in the keyring", true);
        }
        return apply(Cipher.DECRYPT_MODE, key.secret(), nonce, place, ciphertext);
    }

    private static byte[] apply(
            int mode, SecretKey key, byte[] nonce, SealContext place, byte[] input) {
        try {
            var idle = IDLE.poll();
            var cipher = idle == null ? Cipher.getInstance("AES/GCM/NoPadding") : idle;
            cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
            cipher.updateAAD(place.associatedData());
            var output = cipher.doFinal(input);
            // One that has failed is not used again.
            var _ = IDLE.offer(cipher);
            return output;
        } catch (GeneralSecurityException e) {
            if (mode == Cipher.DECRYPT_MODE) {
                throw new SealBroken(
                        "A sealed value in "
                                + at(place)
                                + " was altered, or was moved there from another place");
            }
            throw new IllegalStateException("AES-256-GCM is not available in this JVM", e);
        }
    }

    private static String at(SealContext place) {
        return place.table() + "." + place.column();
    }
}
