package net.cartback.deletion.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.Actor;

import org.jspecify.annotations.Nullable;

import java.security.MessageDigest;
import java.util.Optional;

/**
 * Tells who calls the admin API, by a bearer token (RFC 6750): the configured token, a static one,
 * or one of an OpenID provider. Who is not known gets nothing.
 */
public final class Access {

    /** What the configured token is called. */
    static final String CONFIGURED = "configured";

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

    private boolean isSigned(String token) {
        return oidc != null && token.chars().filter(c -> c == '.').count() == 2;
    }

    /**
     * The caller with this token. Digests are compared, and the configured one in constant time, so
     * the response time reveals nothing about a token.
     *
     * @throws DatabaseUnavailable while the database is away
     * @throws OidcTokens.ProviderUnavailable if the provider's keys are needed and cannot be read
     */
    public Optional<Caller> caller(String token) {
        if (configured != null && MessageDigest.isEqual(configured, digest(token))) {
            return Optional.of(new Caller(Actor.operator(CONFIGURED), Role.ADMIN));
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
