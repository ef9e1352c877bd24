package net.cartback.deletion.config;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.access.Role;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Reads who else may give out tokens of the admin API, variable by variable. */
final class OidcReader {

    private static final Duration KEYS_PATIENCE = Duration.ofSeconds(2);
    private static final String USUAL_ROLES = "viewer=viewer,operator=operator,admin=admin";

    private final Variables variables;

    OidcReader(Variables variables) {
        this.variables = variables;
    }

    /** Null: there is none. */
    @Nullable OidcSettings read() {
        var issuer = variables.value("OIDC_ISSUER");
        if (issuer == null) {
            for (var name : List.of("OIDC_AUDIENCE", "OIDC_JWKS_URL")) {
                if (variables.value(name) != null) {
                    variables.fault(name, "makes no sense without OIDC_ISSUER");
                }
            }
            if (variables.isSet("OIDC_ISSUER")) {
                variables.fault("OIDC_ISSUER", "is set and empty");
            }
            return null;
        }
        var algorithm = variables.text("OIDC_ALGORITHM", "RS256");
        if (!OidcSettings.ALGORITHMS.contains(algorithm)) {
            variables.fault(
                    "OIDC_ALGORITHM", "must be one of " + new TreeSet<>(OidcSettings.ALGORITHMS));
            return null;
        }
        var audience = variables.value("OIDC_AUDIENCE");
        if (audience == null) {
            variables.fault("OIDC_AUDIENCE", "is required with OIDC_ISSUER");
        }
        var keys = keysOfProvider();
        var roles = roles();
        return audience == null || keys == null
                ? null
                : new OidcSettings(
                        issuer,
                        audience,
                        algorithm,
                        keys,
                        variables.text("OIDC_ROLE_CLAIM", "roles"),
                        roles,
                        KEYS_PATIENCE);
    }

    private @Nullable URI keysOfProvider() {
        var url =
                variables.parsed(
                        "OIDC_JWKS_URL",
                        "is required with OIDC_ISSUER, as an https URL",
                        text -> {
                            var parsed = new URI(text);
                            return isOfProvider(parsed) ? parsed : null;
                        });
        if (variables.value("OIDC_JWKS_URL") == null) {
            variables.fault("OIDC_JWKS_URL", "is required with OIDC_ISSUER, as an https URL");
        }
        return url;
    }

    private static boolean isOfProvider(URI url) {
        var host = url.getHost();
        boolean local = "localhost".equals(host) || "127.0.0.1".equals(host);
        return host != null
                && ("https".equals(url.getScheme()) || (local && "http".equals(url.getScheme())));
    }

    private Map<String, Role> roles() {
        var roles = new HashMap<String, Role>();
        for (var each : variables.text("OIDC_ROLES", USUAL_ROLES).split(",", -1)) {
            var parts = each.strip().split("=", 2);
            var role = Role.named(parts[0].strip());
            if (parts.length != 2 || parts[1].isBlank() || role.isEmpty()) {
                variables.fault("OIDC_ROLES", "must be of the form " + USUAL_ROLES);
            } else {
                roles.put(parts[1].strip(), role.get());
            }
        }
        return roles;
    }
}
