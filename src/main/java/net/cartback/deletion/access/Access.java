package net.cartback.deletion.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.storage.Actor;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells who calls the admin API, by a bearer token (RFC 6750): the configured token, a static one,
 * or one of an OpenID provider. Who is not known gets nothing.
 *
 * <p>Thread-safe.
 */
public final class Access {

    private static final int REMEMBERED = 1_000;

    /** Digests of tokens that were right; by then they may be revoked. Guarded by itself. */
    private final Set<ByteBuffer> right =
            Collections.newSetFromMap(
                    new LinkedHashMap<>() {
                        private static final long serialVersionUID = 1L;

                        @Override
                        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Boolean> eldest) {
                            return size() > REMEMBERED;
                        }
                    });

    private final byte @Nullable [] configured;
    private final Tokens tokens;
    private final @Nullable OidcTokens oidc;

    /**
     * @param configured the token of an admin called {@code configured}; null: there is none
     * @param oidc null: no provider's tokens are taken
     */
    public Access(@Nullable String configured, Tokens tokens, @Nullable OidcTokens oidc) {
        this.configured = configured == null ? null : digest(configured);
        this.tokens = tokens;
        this.oidc = oidc;
    }

    /** Whether this was right a while ago, or is a signed token, which nobody finds by trying. */
    public boolean isKnown(String token) {
        var digest = ByteBuffer.wrap(digest(token));
        synchronized (right) {
            return isSigned(token) || right.contains(digest);
        }
    }

    private boolean isSigned(String token) {
        return oidc != null && token.chars().filter(c -> c == '.').count() == 2;
    }

    /**
     * Who has this token. Digests are compared, in constant time where one is known here, so the
     * answer's time tells nothing of a token.
     *
     * @throws DatabaseUnavailable while the database is away
     * @throws OidcTokens.ProviderUnavailable if the provider's keys are needed and cannot be read
     */
    public Optional<Caller> caller(String token) {
        var caller = look(token);
        if (caller.isPresent() && !isSigned(token)) {
            synchronized (right) {
                right.add(ByteBuffer.wrap(digest(token)));
            }
        }
        return caller;
    }

    private Optional<Caller> look(String token) {
        if (configured != null && MessageDigest.isEqual(configured, digest(token))) {
            return Optional.of(new Caller(Actor.operator("configured"), Role.ADMIN));
        }
        if (oidc != null && isSigned(token)) {
            return oidc.caller(token);
        }
        return tokens.caller(token);
    }

    private static byte[] digest(String token) {
        return Digest.sha256(token.getBytes(UTF_8));
    }
}
