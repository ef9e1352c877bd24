package net.cartback.deletion.access;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * Whose bearer tokens are taken (OpenID Connect Core 1.0, RFC 9068).
 *
 * @param issuer what {@code iss} must be
 * @param audience what must be in {@code aud}
 * @param algorithm the only {@code alg} that is taken: an asymmetric one
 * @param jwks where the provider publishes its keys
 * @param roleClaim the claim that holds roles, a string or a list of them; a dot leads into an
 *     object
 * @param roles which value of that claim stands for which role
 * @param patience how long the provider's keys may take to come
 */
public record OidcSettings(
        String issuer,
        String audience,
        String algorithm,
        URI jwks,
        String roleClaim,
        Map<String, Role> roles,
        Duration patience) {

    /** What {@code algorithm} may be. */
    public static final Set<String> ALGORITHMS =
            Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

    public OidcSettings {
        roles = Map.copyOf(roles);
        if (!ALGORITHMS.contains(algorithm)) {
            throw new IllegalArgumentException("Not an asymmetric algorithm that is known here");
        }
    }
}
