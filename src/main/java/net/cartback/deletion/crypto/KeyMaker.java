package net.cartback.deletion.crypto;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.util.Base64URL;

import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Makes JWK sets with new keys. What it returns holds secrets. */
public final class KeyMaker {

    private static final int KEY_BYTES = 32;
    private static final int KID_BYTES = 4;

    private final SecureRandom random;

    public KeyMaker(SecureRandom random) {
        this.random = random;
    }

    /** A new JWK set with one key of each kind, in force from {@code now}. */
    public String generate(Instant now) {
        return with(List.of(), EnumSet.allOf(Keyring.Kind.class), now);
    }

    /**
     * The same JWK set with a new key of each of these kinds, in force from {@code from}.
     *
     * @throws InvalidKeyring if the given one is not valid at {@code now}
     */
    public String rotate(String json, Collection<Keyring.Kind> kinds, Instant from, Instant now) {
        var _ = Keys.parse(json, now);
        try {
            return with(JWKSet.parse(json).getKeys(), kinds, from);
        } catch (ParseException e) {
            throw new IllegalStateException("What was read a moment ago is no JWK set", e);
        }
    }

    /**
     * The same JWK set without these keys.
     *
     * @throws InvalidKeyring if it is not valid at {@code now}, or would not be any more
     */
    public static String without(String json, Collection<String> kids, Instant now) {
        var _ = Keys.parse(json, now);
        try {
            var left =
                    new JWKSet(
                                    JWKSet.parse(json).getKeys().stream()
                                            .filter(key -> !kids.contains(key.getKeyID()))
                                            .toList())
                            .toString(false);
            var _ = Keys.parse(left, now);
            return left;
        } catch (ParseException e) {
            throw new IllegalStateException("What was read a moment ago is no JWK set", e);
        }
    }

    private String with(List<JWK> present, Collection<Keyring.Kind> kinds, Instant from) {
        var keys = new ArrayList<>(present);
        for (var kind : kinds) {
            keys.add(key(kind, kid(kind, from), Date.from(from)));
        }
        return new JWKSet(keys).toString(false);
    }

    /** By kind and day, and never the same again: not even after a key of that day is taken out. */
    private String kid(Keyring.Kind kind, Instant from) {
        var bytes = new byte[KID_BYTES];
        random.nextBytes(bytes);
        return kind.name().toLowerCase(Locale.ROOT)
                + "-"
                + from.toString().substring(0, 10)
                + "-"
                + HexFormat.of().formatHex(bytes);
    }

    private JWK key(Keyring.Kind kind, String kid, Date from) {
        return switch (kind) {
            case DATA ->
                    new OctetSequenceKey.Builder(randomBytes())
                            .keyID(kid)
                            .keyUse(KeyUse.ENCRYPTION)
                            .algorithm(EncryptionMethod.A256GCM)
                            .notBeforeTime(from)
                            .build();
            case INDEX ->
                    new OctetSequenceKey.Builder(randomBytes())
                            .keyID(kid)
                            .keyUse(KeyUse.SIGNATURE)
                            .algorithm(JWSAlgorithm.HS256)
                            .notBeforeTime(from)
                            .build();
            case SIGNING -> {
                var pair = Ed25519.generate(random);
                yield new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(pair.open()))
                        .d(Base64URL.encode(pair.secret()))
                        .keyID(kid)
                        .keyUse(KeyUse.SIGNATURE)
                        .algorithm(JWSAlgorithm.EdDSA)
                        .notBeforeTime(from)
                        .build();
            }
        };
    }

    private byte[] randomBytes() {
        var bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        return bytes;
    }
}
