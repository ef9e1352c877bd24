package net.cartback.deletion.config;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.terms.RetentionPeriods;
import net.cartback.deletion.web.Cidr;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads variable by variable and collects the faults. */
final class ConfigReader {

    private static final String NO_DATABASE =
            "is required: this installation has no embedded database. Name one of PostgreSQL 18, as"
                    + " postgres://user:password@host/database";

    private static final int MAX_CONCURRENCY = 10_000;
    private static final int MAX_TOGETHER = 256;
    private static final int MAX_POOL = 100;

    private static final Duration KEYS_PATIENCE = Duration.ofSeconds(2);
    private static final String USUAL_ROLES = "viewer=viewer,operator=operator,admin=admin";

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final Map<String, String> environment;
    private final Config.For purpose;
    private final Variables variables;

    ConfigReader(Map<String, String> environment, Config.For purpose) {
        this.environment = environment;
        this.purpose = purpose;
        this.variables = new Variables(environment);
    }

    Config read() {
        var database = database("DATABASE_URL");
        var owner = database("MIGRATION_DATABASE_URL");
        if (owner != null && !variables.isSet("DATABASE_URL")) {
            variables.fault("MIGRATION_DATABASE_URL", "makes no sense without DATABASE_URL");
        }
        if (!variables.isSet("DATABASE_URL") && !EmbeddedDatabase.isInstalled()) {
            variables.fault("DATABASE_URL", NO_DATABASE);
        }
        var keyring = variables.path("KEYRING_FILE");
        if (variables.isSet("DATABASE_URL") && keyring == null && purpose != Config.For.MIGRATING) {
            variables.fault(
                    "KEYRING_FILE", "is required with DATABASE_URL (make one: keys generate FILE)");
        }
        var config =
                new Config(
                        new Config.Listen(
                                variables.text("HOST", "0.0.0.0"),
                                variables.number("PORT", 8080, 0, 65_535)),
                        new Config.Listen(
                                variables.text("MANAGEMENT_HOST", "127.0.0.1"),
                                variables.number("MANAGEMENT_PORT", 9090, 0, 65_535)),
                        metrics(),
                        publicUrl(),
                        database,
                        owner == null ? database : owner,
                        variables.number("DATABASE_POOL_SIZE", 10, 2, MAX_POOL),
                        Path.of(variables.text("DATA_DIR", "./data")),
                        variables.path("REGISTRY_FILE"),
                        variables.path("BRAND_FILE"),
                        variables.path("BUSINESS_DAYS_FILE"),
                        keyring,
                        adminToken(),
                        oidc(),
                        outbound(),
                        trustedProxies(),
                        tls(),
                        variables.number("DISPATCH_CONCURRENCY", 256, 0, MAX_CONCURRENCY),
                        variables.number("RECORD_TOGETHER", 64, 1, MAX_TOGETHER),
                        retention(),
                        new Config.AuditHeads(
                                variables.duration("AUDIT_HEAD_EVERY", Duration.ofHours(1)),
                                variables.path("AUDIT_HEADS")),
                        Map.copyOf(environment),
                        variables.doubts());
        if (config.listen().port() != 0 && config.listen().port() == config.management().port()) {
            variables.fault("MANAGEMENT_PORT", "must differ from PORT");
        }
        var metrics = config.metrics();
        if (metrics != null
                && metrics.port() != 0
                && (metrics.port() == config.listen().port()
                        || metrics.port() == config.management().port())) {
            variables.fault("METRICS_PORT", "must differ from PORT and MANAGEMENT_PORT");
        }
        if (!variables.faults().isEmpty()) {
            throw new Refused(variables.faults());
        }
        return config;
    }

    private @Nullable String adminToken() {
        var token = variables.value("ADMIN_TOKEN");
        if (token == null && variables.isSet("ADMIN_TOKEN")) {
            variables.fault("ADMIN_TOKEN", "is set and empty");
        } else if (token != null && !AdminToken.isValid(token)) {
            variables.fault(
                    "ADMIN_TOKEN", Placeholder.isOne(token) ? Placeholder.RULE : AdminToken.RULE);
        }
        return token;
    }

    private Config.@Nullable Tls tls() {
        var certificate = variables.path("TLS_CERTIFICATE");
        var key = variables.path("TLS_PRIVATE_KEY");
        if (certificate != null && key != null) {
            return new Config.Tls(certificate, key);
        }
        if (certificate != null || key != null) {
            variables.fault(
                    certificate == null ? "TLS_CERTIFICATE" : "TLS_PRIVATE_KEY",
                    "is required with "
                            + (certificate == null ? "TLS_PRIVATE_KEY" : "TLS_CERTIFICATE"));
        }
        return null;
    }

    private @Nullable OidcSettings oidc() {
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

    private Config.@Nullable Listen metrics() {
        return variables.value("METRICS_PORT") == null
                ? null
                : new Config.Listen(
                        variables.text("MANAGEMENT_HOST", "127.0.0.1"),
                        variables.number("METRICS_PORT", 0, 0, 65_535));
    }

    private RetentionPeriods retention() {
        var usual = RetentionPeriods.USUAL;
        var eraseAfter = variables.period("ERASE_AFTER", usual.eraseAfter());
        var recordFor = variables.period("RECORD_KEPT_FOR", usual.recordFor());
        try {
            return new RetentionPeriods(eraseAfter, recordFor);
        } catch (IllegalArgumentException e) {
            variables.fault("ERASE_AFTER", String.valueOf(e.getMessage()));
            return usual;
        }
    }

    private @Nullable String publicUrl() {
        var value = variables.value("PUBLIC_URL");
        if (value == null) {
            if (purpose == Config.For.SERVING && variables.isSet("DATABASE_URL")) {
                // Meta would hand out an address of this machine, for good.
                variables.fault("PUBLIC_URL", "is required with DATABASE_URL");
            }
            return null;
        }
        var url =
                variables.parsed(
                        "PUBLIC_URL",
                        "must be an http or https URL without path, query and fragment",
                        text -> {
                            var parsed = new URI(text);
                            return isBase(parsed) ? parsed : null;
                        });
        if (url != null && "http".equals(url.getScheme()) && !LOOPBACK.contains(url.getHost())) {
            variables.fault("PUBLIC_URL", "must be https, unless it is loopback");
        }
        return url == null ? null : value.replaceAll("/+$", "");
    }

    private static boolean isBase(URI url) {
        boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        return http
                && url.getHost() != null
                && url.getRawQuery() == null
                && url.getRawFragment() == null
                && url.getRawUserInfo() == null
                && url.getRawPath().matches("/*");
    }

    private @Nullable DatabaseAddress database(String name) {
        var value = variables.value(name);
        if (value == null) {
            if (variables.isSet(name)) {
                // An empty secret must not silently start a database of our own.
                variables.fault(name, "is set and empty");
            }
            return null;
        }
        try {
            var address = DatabaseAddress.parse(value);
            boolean insecure = variables.flag("DATABASE_INSECURE");
            if (!address.isLoopback() && !address.isVerified() && !insecure) {
                variables.fault(
                        name,
                        "must say sslmode=verify-full beyond loopback (or set"
                                + " DATABASE_INSECURE=true)");
            }
            return address;
        } catch (IllegalArgumentException e) {
            variables.fault(name, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private List<Cidr> trustedProxies() {
        try {
            return Cidr.list(variables.text("TRUSTED_PROXIES", ""));
        } catch (IllegalArgumentException e) {
            variables.fault("TRUSTED_PROXIES", String.valueOf(e.getMessage()));
            return List.of();
        }
    }

    private OutboundRules outbound() {
        try {
            return OutboundRules.allowing(variables.text("OUTBOUND_ALLOW", ""));
        } catch (IllegalArgumentException e) {
            variables.fault("OUTBOUND_ALLOW", String.valueOf(e.getMessage()));
            return OutboundRules.allowing("");
        }
    }
}
