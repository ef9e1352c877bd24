package net.cartback.deletion.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.jwk.source.RateLimitedJWKSetSource;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.terms.Actor;

import org.jspecify.annotations.Nullable;

import java.net.MalformedURLException;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Verifies bearer tokens of an OpenID provider: signature under its published keys, algorithm,
 * issuer, audience, expiry (a minute of tolerance), type. Whose token names no role that is known
 * here may do nothing.
 *
 * <p>The provider's keys are read again every 5 minutes, and when a key is not known, but not more
 * than twice in 30 s. While the provider is away, the keys that were read last hold for a day.
 */
public final class OidcTokens {

    /** Before the digest by which a person of the provider is called. */
    static final String ACTOR_PREFIX = "oidc-";

    private static final Duration KEYS_LAST = Duration.ofMinutes(5);
    private static final Duration KEYS_OUTLAST_AN_OUTAGE = Duration.ofDays(1);
    private static final Duration BETWEEN_READS = Duration.ofSeconds(30);
    private static final int MAX_KEYS_BYTES = 256 * 1024;

    private final OidcSettings settings;
    private final Keyring keyring;
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    /** The provider's keys cannot be read, and none are remembered. */
    public static final class ProviderUnavailable extends RuntimeException {

        private static final long serialVersionUID = 1L;

        ProviderUnavailable(Throwable cause) {
            super("The OpenID provider's keys cannot be read", cause);
        }
    }

    public OidcTokens(OidcSettings settings, Keyring keyring, InstantSource clock) {
        this.settings = settings;
        this.keyring = keyring;
        int patience = (int) settings.patience().toMillis();
        try {
            var keys =
                    JWKSourceBuilder.create(
                                    seldom(
                                            new URLBasedJWKSetSource<>(
                                                    settings.jwks().toURL(),
                                                    new DefaultResourceRetriever(
                                                            patience, patience, MAX_KEYS_BYTES))))
                            .cache(KEYS_LAST.toMillis(), 3L * patience)
                            .refreshAheadCache(false)
                            .rateLimited(false)
                            .outageTolerant(KEYS_OUTLAST_AN_OUTAGE.toMillis())
                            .build();
            processor.setJWSKeySelector(
                    new JWSVerificationKeySelector<>(
                            JWSAlgorithm.parse(settings.algorithm()), keys));
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException("The address of the keys is no URL", e);
        }
        // An access token as RFC 9068 types it, with and without the prefix (section 2.1).
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(
                        JOSEObjectType.JWT,
                        new JOSEObjectType("at+jwt"),
                        new JOSEObjectType("application/at+jwt"),
                        null));
        processor.setJWTClaimsSetVerifier(
                new DefaultJWTClaimsVerifier<>(
                        settings.audience(),
                        new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
                        Set.of("sub", "exp")) {
                    @Override
                    protected Date currentTime() {
                        return Date.from(clock.instant());
                    }
                });
    }

    /**
     * Reads at most twice in 30 s, whatever keys unknown callers name. Beyond this limit, a read
     * fails as if the provider were away, so the keys that were read last stay in use. For this,
     * the limit must be inside the outage tolerance; the library's own limit is outside.
     */
    private static JWKSetSource<SecurityContext> seldom(JWKSetSource<SecurityContext> source) {
        return new RateLimitedJWKSetSource<>(source, BETWEEN_READS.toMillis(), null) {
            @Override
            public JWKSet getJWKSet(
                    JWKSetCacheRefreshEvaluator evaluator, long now, SecurityContext context)
                    throws KeySourceException {
                try {
                    return super.getJWKSet(evaluator, now, context);
                } catch (RateLimitReachedException e) {
                    throw new JWKSetUnavailableException("The keys were read a moment ago", e);
                }
            }
        };
    }

    /**
     * Who has this token; empty if it is not taken.
     *
     * @throws ProviderUnavailable if it cannot be told
     */
    public Optional<Caller> caller(String token) {
        try {
            var claims = processor.process(token, null);
            if (claims.getSubject().isBlank()) {
                return Optional.empty();
            }
            return Optional.of(new Caller(actor(claims), role(claims)));
        } catch (KeySourceException e) {
            throw new ProviderUnavailable(e);
        } catch (BadJOSEException | JOSEException | ParseException e) {
            return Optional.empty();
        }
    }

    private @Nullable Role role(JWTClaimsSet claims) {
        return values(claims)
                .map(settings.roles()::get)
                .filter(role -> role != null)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }

    private Stream<String> values(JWTClaimsSet claims) {
        Object found = claims.getClaim(settings.roleClaim());
        if (found == null) {
            found = claims.getClaims();
            for (var step : settings.roleClaim().split("\\.", -1)) {
                found = found instanceof Map<?, ?> object ? object.get(step) : null;
            }
        }
        return switch (found) {
            case String one -> Stream.of(one);
            case List<?> many ->
                    many.stream().filter(String.class::isInstance).map(String.class::cast);
            case null, default -> Stream.empty();
        };
    }

    /**
     * A subject may be a person's address, so the audit trail gets a keyed digest of it: under the
     * oldest key, so that it stays the same while keys change, until that one is taken out.
     */
    private Actor actor(JWTClaimsSet claims) {
        var digest =
                keyring.digest("operator", claims.getIssuer(), claims.getSubject())
                        .oldestFirst()
                        .getFirst();
        return Actor.operator(ACTOR_PREFIX + HexFormat.of().formatHex(digest, 0, 8));
    }
}
