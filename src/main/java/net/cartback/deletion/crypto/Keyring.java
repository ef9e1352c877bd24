package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.util.Base64URL;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * All keys of the relay, read from one JWK set (RFC 7517): data keys ({@code "alg":"A256GCM"}) that
 * seal columns, index keys ({@code "alg":"HS256"}) that digest what must be found again, and
 * signing keys (Ed25519, RFC 8037) that sign deliveries. Of each kind the key in force is the one
 * whose {@code nbf} came last; older ones still open and verify.
 *
 * <p>Thread-safe. {@link #toString} shows key ids only.
 */
public final class Keyring {

    private static final String DATA_ALGORITHM = "A256GCM";
    private static final String INDEX_ALGORITHM = "HS256";
    private static final int KEY_BYTES = 32;
    private static final int MAX_KID_LENGTH = 64;

    record DataKey(String kid, SecretKey secret, Instant from) {}

    private record IndexKey(SecretKey secret, Instant from) {}

    private record SigningKey(OctetKeyPair jwk, PrivateKey secret, Instant from) {}

    private final List<DataKey> dataKeys = new ArrayList<>();
    private final List<IndexKey> indexKeys = new ArrayList<>();
    private final List<SigningKey> signingKeys = new ArrayList<>();
    private final InstantSource clock;
    private final Sealer sealer;

    private Keyring(InstantSource clock, SecureRandom random) {
        this.clock = clock;
        this.sealer = new Sealer(this, random);
    }

    /**
     * Reads a JWK set.
     *
     * @throws InvalidKeyring with one sentence for each fault; it never quotes key material
     */
    public static Keyring parse(String json, InstantSource clock, SecureRandom random) {
        var keyring = new Keyring(clock, random);
        var faults = new ArrayList<String>();
        try {
            var kids = new HashSet<String>();
            var keys = JWKSet.parse(json).getKeys();
            for (int i = 0; i < keys.size(); i++) {
                var fault = keyring.add(keys.get(i), kids);
                if (fault != null) {
                    faults.add("keys[" + i + "]: " + fault);
                }
            }
        } catch (ParseException e) {
            // The parser's own message may quote the text, which holds secrets.
            throw new InvalidKeyring(List.of("not a JWK set (RFC 7517)"));
        }
        keyring.requireOneInForce(
                "data key (\"kty\":\"oct\",\"alg\":\"A256GCM\")",
                keyring.dataKeys.stream().map(DataKey::from).toList(),
                faults);
        keyring.requireOneInForce(
                "index key (\"kty\":\"oct\",\"alg\":\"HS256\")",
                keyring.indexKeys.stream().map(IndexKey::from).toList(),
                faults);
        keyring.requireOneInForce(
                "signing key (\"kty\":\"OKP\",\"crv\":\"Ed25519\" with \"d\")",
                keyring.signingKeys.stream().map(SigningKey::from).toList(),
                faults);
        if (!faults.isEmpty()) {
            throw new InvalidKeyring(faults);
        }
        return keyring;
    }

    /** A new JWK set with one key of each kind, in force from {@code now}. Holds secrets. */
    public static String generate(Instant now, SecureRandom random) {
        var stamp = now.toString().substring(0, 10);
        var from = Date.from(now);
        var data =
                new OctetSequenceKey.Builder(randomBytes(random))
                        .keyID("data-" + stamp)
                        .keyUse(KeyUse.ENCRYPTION)
                        .algorithm(EncryptionMethod.A256GCM)
                        .notBeforeTime(from)
                        .build();
        var index =
                new OctetSequenceKey.Builder(randomBytes(random))
                        .keyID("index-" + stamp)
                        .keyUse(KeyUse.SIGNATURE)
                        .algorithm(JWSAlgorithm.HS256)
                        .notBeforeTime(from)
                        .build();
        var pair = Ed25519.generate(random);
        var signing =
                new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(pair.open()))
                        .d(Base64URL.encode(pair.secret()))
                        .keyID("signing-" + stamp)
                        .keyUse(KeyUse.SIGNATURE)
                        .algorithm(JWSAlgorithm.EdDSA)
                        .notBeforeTime(from)
                        .build();
        return new JWKSet(List.of(data, index, signing)).toString(false);
    }

    /** Seals and opens values at rest. */
    public Sealer sealer() {
        return sealer;
    }

    /**
     * A keyed digest (HMAC-SHA256) by which equal values are recognised without being kept. Parts
     * are length-prefixed, so {@code ("a","bc")} and {@code ("ab","c")} differ.
     */
    public byte[] digest(String... parts) {
        var mac = hmac(inForce(indexKeys, IndexKey::from).secret());
        for (var part : parts) {
            var bytes = part.getBytes(UTF_8);
            mac.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
            mac.update(bytes);
        }
        return mac.doFinal();
    }

    /** An Ed25519 signature (RFC 8032) under the signing key in force: 64 bytes. */
    public byte[] sign(byte[] content) {
        return Ed25519.sign(inForce(signingKeys, SigningKey::from).secret(), content);
    }

    /** The public half of the signing keys as a JWK set (RFC 7517), for publication. */
    public String publicKeys() {
        var keys = signingKeys.stream().map(key -> (JWK) key.jwk().toPublicJWK()).toList();
        return new JWKSet(keys).toString(true);
    }

    DataKey dataKey() {
        return inForce(dataKeys, DataKey::from);
    }

    @Nullable DataKey dataKey(String kid) {
        return dataKeys.stream().filter(key -> key.kid().equals(kid)).findFirst().orElse(null);
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
            default -> "only keys of type \"oct\" and \"OKP\" have a use here";
        };
    }

    private @Nullable String addSecret(String kid, String algorithm, byte[] secret, Instant from) {
        if (secret.length != KEY_BYTES) {
            return "\"k\" must be 32 bytes";
        }
        switch (algorithm) {
            case DATA_ALGORITHM ->
                    dataKeys.add(new DataKey(kid, new SecretKeySpec(secret, "AES"), from));
            case INDEX_ALGORITHM ->
                    indexKeys.add(new IndexKey(new SecretKeySpec(secret, "HmacSHA256"), from));
            default -> {
                return "\"alg\" must be A256GCM (data key) or HS256 (index key)";
            }
        }
        return null;
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
        signingKeys.add(new SigningKey(pair, secret, from));
        return null;
    }

    private void requireOneInForce(String what, List<Instant> starts, List<String> faults) {
        var now = clock.instant();
        if (starts.stream().noneMatch(start -> !start.isAfter(now))) {
            faults.add("no " + what + " is in force: at least one is needed");
        }
    }

    private <K> K inForce(List<K> keys, Function<K, Instant> from) {
        if (keys.size() == 1) {
            return keys.getFirst();
        }
        var now = clock.instant();
        return keys.stream()
                .filter(key -> !from.apply(key).isAfter(now))
                .max(Comparator.comparing(from))
                .orElseThrow(() -> new IllegalStateException("No key of this kind is in force"));
    }

    private static byte[] randomBytes(SecureRandom random) {
        var bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        return bytes;
    }

    static Mac hmac(SecretKey key) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is not available in this JVM", e);
        }
    }

    @Override
    public String toString() {
        return "Keyring" + dataKeys.stream().map(DataKey::kid).toList();
    }
}
