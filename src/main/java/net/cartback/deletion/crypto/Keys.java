package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.util.JSONObjectUtils;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.PrivateKey;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** What one JWK set (RFC 7517) holds. Immutable. */
record Keys(List<Secret> data, List<Secret> index, List<Signing> signing) {

    private static final String DATA_ALGORITHM = "A256GCM";
    private static final String INDEX_ALGORITHM = "HS256";
    private static final int KEY_BYTES = 32;
    private static final int MAX_KID_LENGTH = 64;

    /** A key with the instant from which it is in force. */
    sealed interface Key {
        String kid();

        Keyring.Kind kind();

        Instant from();

        /** By which a key is told from another under its id; it tells nothing of the key. */
        byte[] check();
    }

    /** A data key or an index key. */
    record Secret(String kid, Keyring.Kind kind, SecretKey secret, Instant from) implements Key {
        @Override
        public byte[] check() {
            return checkOf(this, secret.getEncoded());
        }
    }

    record Signing(OctetKeyPair jwk, PrivateKey secret, Instant from) implements Key {
        @Override
        public String kid() {
            return jwk.getKeyID();
        }

        @Override
        public Keyring.Kind kind() {
            return Keyring.Kind.SIGNING;
        }

        @Override
        public byte[] check() {
            return checkOf(this, jwk.getDecodedX());
        }
    }

    Stream<Key> all() {
        return Stream.of(data, index, signing).flatMap(List::stream);
    }

    /**
     * Reads a JWK set, in which one key of each kind must be in force.
     *
     * @throws InvalidKeyring with one sentence for each fault; it never quotes key material
     */
    static Keys parse(String json, Instant now) {
        var keys = new Keys(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        var faults = new ArrayList<String>();
        try {
            var kids = new HashSet<String>();
            var object = JSONObjectUtils.parse(json);
            if (object == null) {
                throw new ParseException("null", 0);
            }
            var jwks = JWKSet.parse(object).getKeys();
            for (int i = 0; i < jwks.size(); i++) {
                var fault = keys.add(jwks.get(i), kids);
                if (fault != null) {
                    faults.add("keys[" + i + "]: " + fault);
                }
            }
        } catch (ParseException e) {
            // The parser's own message may quote the text, which holds secrets.
            throw new InvalidKeyring(List.of("not a JWK set (RFC 7517)"));
        }
        requireOneInForce("data key (\"kty\":\"oct\",\"alg\":\"A256GCM\")", keys.data, now, faults);
        requireOneInForce("index key (\"kty\":\"oct\",\"alg\":\"HS256\")", keys.index, now, faults);
        requireOneInForce(
                "signing key (\"kty\":\"OKP\",\"crv\":\"Ed25519\" with \"d\")",
                keys.signing,
                now,
                faults);
        if (!faults.isEmpty()) {
            throw new InvalidKeyring(faults);
        }
        return new Keys(List.copyOf(keys.data), List.copyOf(keys.index), List.copyOf(keys.signing));
    }

    private @Nullable String add(JWK jwk, Set<String> kids) {
        var kid = jwk.getKeyID();
        if (kid == null
                || kid.isEmpty()
                || kid.length() > MAX_KID_LENGTH
                || !US_ASCII.newEncoder().canEncode(kid)) {
            return "\"kid\" must be 1 to 64 ASCII characters";
        }
        if (!kids.add(kid)) {
            return "\"kid\" must be unique";
        }
        var from =
                jwk.getNotBeforeTime() == null ? Instant.EPOCH : jwk.getNotBeforeTime().toInstant();
        var algorithm = jwk.getAlgorithm() == null ? "" : jwk.getAlgorithm().getName();
        return switch (jwk) {
            case OctetSequenceKey oct -> addSecret(kid, algorithm, oct.toByteArray(), from);
            case OctetKeyPair pair -> addSigning(pair, from);
            default -> "\"kty\" must be \"oct\" or \"OKP\"";
        };
    }

    private @Nullable String addSecret(String kid, String algorithm, byte[] secret, Instant from) {
        if (secret.length != KEY_BYTES) {
            return "\"k\" must be 32 bytes";
        }
        switch (algorithm) {
            case DATA_ALGORITHM -> data.add(secret(kid, Keyring.Kind.DATA, "AES", secret, from));
            case INDEX_ALGORITHM ->
                    index.add(secret(kid, Keyring.Kind.INDEX, "HmacSHA256", secret, from));
            default -> {
                return "\"alg\" must be A256GCM (data key) or HS256 (index key)";
            }
        }
        return null;
    }

    private static Secret secret(
            String kid, Keyring.Kind kind, String algorithm, byte[] secret, Instant from) {
        return new Secret(kid, kind, new SecretKeySpec(secret, algorithm), from);
    }

    private @Nullable String addSigning(OctetKeyPair pair, Instant from) {
        if (!Curve.Ed25519.equals(pair.getCurve()) || !pair.isPrivate()) {
            return "a signing key must be Ed25519 and have \"d\"";
        }
        var seed = pair.getDecodedD();
        if (seed.length != KEY_BYTES) {
            return "\"d\" must be 32 bytes";
        }
        var secret = Ed25519.secret(seed);
        if (!Ed25519.match(secret, pair.getDecodedX())) {
            return "\"x\" is not the public key of \"d\"";
        }
        signing.add(new Signing(pair, secret, from));
        return null;
    }

    private static void requireOneInForce(
            String what, List<? extends Key> keys, Instant now, List<String> faults) {
        if (keys.stream().noneMatch(key -> !key.from().isAfter(now))) {
            faults.add("no " + what + " is in force: at least one is needed");
        }
    }

    private static byte[] checkOf(Key key, byte[] material) {
        var name = ("deletion-relay " + key.kind() + " key check").getBytes(UTF_8);
        return Digest.sha256(
                ByteBuffer.allocate(name.length + material.length).put(name).put(material).array());
    }

    @Override
    public String toString() {
        return all().map(Key::kid).toList().toString();
    }
}
