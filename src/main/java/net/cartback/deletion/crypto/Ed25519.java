package net.cartback.deletion.crypto;

import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Ed25519 keys and signatures (RFC 8032), in the raw form that JWK (RFC 8037) and Standard Webhooks
 * use. Signs with BoringSSL where its library is there for this system, which takes about 20 µs a
 * signature, and else with the JDK's provider, which takes about 620 µs; both make the same bytes.
 */
final class Ed25519 {

    static final int KEY_BYTES = 32;

    /** What stands before the 32 bytes of a key in its encoded forms (RFC 8410). */
    private static final byte[] PKCS8 = HexFormat.of().parseHex("302e020100300506032b657004220420");

    private static final byte[] X509 = HexFormat.of().parseHex("302a300506032b6570032100");

    private static final @Nullable Provider FAST = fast();

    private Ed25519() {}

    private static @Nullable Provider fast() {
        if (Conscrypt.isAvailable()) {
            return Conscrypt.newProvider();
        }
        LoggerFactory.getLogger(Ed25519.class)
                .warn("BoringSSL cannot be loaded here; a signature takes thirty times as long");
        return null;
    }

    /** A pair as its raw bytes; the secret half is the seed. */
    @SuppressWarnings("ArrayRecordComponent")
    record Pair(byte[] secret, byte[] open) {}

    static Pair generate(SecureRandom random) {
        try {
            var generator = KeyPairGenerator.getInstance("Ed25519");
            generator.initialize(255, random);
            var pair = generator.generateKeyPair();
            var open = pair.getPublic().getEncoded();
            return new Pair(
                    ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow(),
                    Arrays.copyOfRange(open, X509.length, open.length));
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** The key of these 32 bytes. */
    static PrivateKey secret(byte[] seed) {
        try {
            var factory =
                    FAST == null
                            ? KeyFactory.getInstance("Ed25519")
                            : KeyFactory.getInstance("EdDSA", FAST);
            return factory.generatePrivate(new PKCS8EncodedKeySpec(joined(PKCS8, seed)));
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    static byte[] sign(PrivateKey secret, byte[] content) {
        try {
            var signature =
                    FAST == null
                            ? Signature.getInstance("Ed25519")
                            : Signature.getInstance("EdDSA", FAST);
            signature.initSign(secret);
            signature.update(content);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** Whether these two halves belong together: what one signs, the other verifies. */
    static boolean match(PrivateKey secret, byte[] open) {
        return verify(open, X509, sign(secret, X509));
    }

    /** Whether this is the signature of this content under this public key. */
    static boolean verify(byte[] open, byte[] content, byte[] signed) {
        try {
            var key =
                    KeyFactory.getInstance("Ed25519")
                            .generatePublic(new X509EncodedKeySpec(joined(X509, open)));
            var signature = Signature.getInstance("Ed25519");
            signature.initVerify(key);
            signature.update(content);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            // The key is no point of the curve, or the signature has no form of one.
            return false;
        }
    }

    private static byte[] joined(byte[] before, byte[] key) {
        var joined = Arrays.copyOf(before, before.length + key.length);
        System.arraycopy(key, 0, joined, before.length, key.length);
        return joined;
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("Ed25519 is not available in this JVM", e);
    }
}
