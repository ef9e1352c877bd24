package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * All keys of the relay, read from one JWK set (RFC 7517): data keys ({@code "alg":"A256GCM"}) that
 * seal columns, index keys ({@code "alg":"HS256"}) that digest what must be found again, and
 * signing keys (Ed25519, RFC 8037) that sign deliveries.
 *
 * <p>One key of each kind is in force: the key with the latest {@code nbf} that has passed, among
 * the keys that every replica has loaded ({@link #loadedEverywhere}). A key whose {@code nbf} has
 * not passed already opens values and is published. Older keys still open and recognise values.
 *
 * <p>{@link #toString} shows key ids only.
 */
public final class Keyring {

    /** What a key is for. */
    public enum Kind {
        DATA,
        INDEX,
        SIGNING
    }

    /** Where a key stands between its making and its end. */
    public enum State {
        /** It opens and verifies, and is not used for anything new yet. */
        NEXT,
        /** It is in force. */
        CURRENT,
        /** Another one is in force now. */
        PREVIOUS
    }

    /**
     * What may be told of a key.
     *
     * @param from its {@code nbf}; {@link Instant#EPOCH} if it has none
     * @param check a digest by which it is told from another key under the same id
     */
    public record KeyInfo(String kid, Kind kind, State state, Instant from, byte[] check) {}

    private final InstantSource clock;
    private final Sealer sealer;
    private volatile Keys keys;

    /** Null: nobody has looked, so dates alone decide. */
    private volatile @Nullable Set<String> everywhere;

    private Keyring(Keys keys, InstantSource clock, SecureRandom random) {
        this.keys = keys;
        this.clock = clock;
        this.sealer = new Sealer(this, random);
    }

    /**
     * Reads a JWK set.
     *
     * @throws InvalidKeyring with one sentence for each fault; it never quotes key material
     */
    public static Keyring parse(String json, InstantSource clock, SecureRandom random) {
        return new Keyring(Keys.parse(json, clock.instant()), clock, random);
    }

    /**
     * Takes the keys of this JWK set instead of those it had.
     *
     * @throws InvalidKeyring as {@link #parse}; then nothing has changed
     */
    public void reload(String json) {
        keys = Keys.parse(json, clock.instant());
    }

    /** Says which keys every replica has loaded. Others do not come into force. */
    public void loadedEverywhere(Set<String> kids) {
        everywhere = Set.copyOf(kids);
    }

    /** Every key that is loaded, in the order of kinds and dates. */
    public List<KeyInfo> known() {
        var loaded = keys;
        return loaded.all()
                .sorted(Comparator.comparing(Keys.Key::kind).thenComparing(Keys.Key::from))
                .map(
                        key ->
                                new KeyInfo(
                                        key.kid(),
                                        key.kind(),
                                        state(loaded, key),
                                        key.from(),
                                        key.check()))
                .toList();
    }

    private State state(Keys loaded, Keys.Key key) {
        var current =
                switch (key.kind()) {
                    case DATA -> inForce(loaded.data());
                    case INDEX -> inForce(loaded.index());
                    case SIGNING -> inForce(loaded.signing());
                };
        if (key.kid().equals(current.kid())) {
            return State.CURRENT;
        }
        return key.from().isAfter(current.from()) ? State.NEXT : State.PREVIOUS;
    }

    /** Seals and opens values at rest. */
    public Sealer sealer() {
        return sealer;
    }

    /**
     * A keyed digest (HMAC-SHA256) that recognises equal values without storing them. It is made
     * under each loaded index key, so that a value is found even if it was digested before the keys
     * changed, or by a replica that has already changed its keys. Parts are length-prefixed, so
     * {@code ("a","bc")} and {@code ("ab","c")} differ.
     */
    public IndexDigest digest(String... parts) {
        var index = keys.index();
        var current = digest(inForce(index), parts);
        return new IndexDigest(
                current,
                index.size() == 1
                        ? List.of(current)
                        : index.stream()
                                .sorted(Comparator.comparing(Keys.Secret::from))
                                .map(key -> digest(key, parts))
                                .toList());
    }

    private static byte[] digest(Keys.Secret key, String... parts) {
        var mac = hmac(key.secret());
        for (var part : parts) {
            var bytes = part.getBytes(UTF_8);
            mac.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
            mac.update(bytes);
        }
        return mac.doFinal();
    }

    /** An Ed25519 signature (RFC 8032) under the signing key in force: 64 bytes. */
    public byte[] sign(byte[] content) {
        return Ed25519.sign(inForce(keys.signing()).secret(), content);
    }

    /**
     * Signs a JSON document as a JWS in its compact form (RFC 7515, EdDSA of RFC 8037), under the
     * signing key in force.
     *
     * @param type what kind of document it is: {@code typ} of the header
     */
    public String signDocument(String type, String json) {
        var key = inForce(keys.signing());
        return Jws.sign(type, json, key.kid(), content -> Ed25519.sign(key.secret(), content));
    }

    /**
     * The document in a JWS, if a signing key of this keyring has signed it with this type.
     *
     * @return empty if the text is no such JWS, its key is not in this keyring, or its signature is
     *     wrong
     */
    public Optional<String> openDocument(String type, String jws) {
        return Jws.open(
                type,
                jws,
                (kid, content, signature) ->
                        keys.signing().stream()
                                .filter(key -> key.kid().equals(kid))
                                .anyMatch(
                                        key ->
                                                Ed25519.verify(
                                                        key.jwk().getDecodedX(),
                                                        content,
                                                        signature)));
    }

    /**
     * The public half of the signing keys as a JWK set (RFC 7517), for publication: the next one
     * before it signs, and previous ones for as long as they are in the keyring.
     */
    public String publicKeys() {
        var published = keys.signing().stream().map(key -> (JWK) key.jwk().toPublicJWK()).toList();
        return new JWKSet(published).toString(true);
    }

    Keys.Secret dataKey() {
        return inForce(keys.data());
    }

    Keys.@Nullable Secret dataKey(String kid) {
        for (var key : keys.data()) {
            if (key.kid().equals(kid)) {
                return key;
            }
        }
        return null;
    }

    private <K extends Keys.Key> K inForce(List<K> keys) {
        if (keys.size() == 1) {
            return keys.getFirst();
        }
        var now = clock.instant();
        var loaded = everywhere;
        var begun = keys.stream().filter(key -> !key.from().isAfter(now)).toList();
        // Where no key is loaded by all, somebody's keyring is wrong; one must be used all the
        // same.
        return latest(begun.stream().filter(key -> loaded == null || loaded.contains(key.kid())))
                .or(() -> latest(begun.stream()))
                .orElseThrow(() -> new IllegalStateException("No key of this kind is in force"));
    }

    private static <K extends Keys.Key> Optional<K> latest(Stream<K> keys) {
        return keys.max(Comparator.comparing(Keys.Key::from));
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
        return "Keyring" + keys;
    }
}
