package net.cartback.deletion.config;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.retention.RetentionPeriods;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.web.Cidr;
import net.cartback.deletion.yaml.Misspelt;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Period;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads variable by variable and collects the faults. */
final class ConfigReader {

    private static final int MAX_CONCURRENCY = 10_000;
    private static final int MAX_TOGETHER = 256;
    private static final int MAX_POOL = 100;

    /** Shorter names may be those of other programs. */
    private static final int SHORTEST_DOUBTED = 9;

    private static final Duration KEYS_PATIENCE = Duration.ofSeconds(2);
    private static final String USUAL_ROLES = "viewer=viewer,operator=operator,admin=admin";

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final Map<String, String> environment;
    private final Config.For purpose;
    private final List<String> faults = new ArrayList<>();
    private final Set<String> asked = new TreeSet<>();

    ConfigReader(Map<String, String> environment, Config.For purpose) {
        this.environment = environment;
        this.purpose = purpose;
    }

    Config read() {
        var database = database("DATABASE_URL");
        var owner = database("MIGRATION_DATABASE_URL");
        if (owner != null && !environment.containsKey("DATABASE_URL")) {
            fault("MIGRATION_DATABASE_URL", "makes no sense without DATABASE_URL");
        }
        if (!environment.containsKey("DATABASE_URL") && !EmbeddedDatabase.isInstalled()) {
            fault("DATABASE_URL", "is required: this installation has no embedded database");
        }
        var keyring = path("KEYRING_FILE");
        if (environment.containsKey("DATABASE_URL")
                && keyring == null
                && purpose != Config.For.MIGRATING) {
            fault("KEYRING_FILE", "is required with DATABASE_URL (make one: keys generate FILE)");
        }
        var config =
                new Config(
                        new Config.Listen(text("HOST", "0.0.0.0"), number("PORT", 8080, 0, 65_535)),
                        new Config.Listen(
                                text("MANAGEMENT_HOST", "127.0.0.1"),
                                number("MANAGEMENT_PORT", 9090, 0, 65_535)),
                        metrics(),
                        publicUrl(),
                        database,
                        owner == null ? database : owner,
                        number("DATABASE_POOL_SIZE", 10, 2, MAX_POOL),
                        Path.of(text("DATA_DIR", "./data")),
                        path("REGISTRY_FILE"),
                        keyring,
                        adminToken(),
                        oidc(),
                        outbound(),
                        trustedProxies(),
                        tls(),
                        number("DISPATCH_CONCURRENCY", 256, 0, MAX_CONCURRENCY),
                        number("RECORD_TOGETHER", 64, 1, MAX_TOGETHER),
                        retention(),
                        new Config.AuditHeads(
                                duration("AUDIT_HEAD_EVERY", Duration.ofHours(1)),
                                path("AUDIT_HEADS")),
                        Map.copyOf(environment),
                        doubts());
        if (config.listen().port() != 0 && config.listen().port() == config.management().port()) {
            fault("MANAGEMENT_PORT", "must differ from PORT");
        }
        var metrics = config.metrics();
        if (metrics != null
                && metrics.port() != 0
                && (metrics.port() == config.listen().port()
                        || metrics.port() == config.management().port())) {
            fault("METRICS_PORT", "must differ from PORT and MANAGEMENT_PORT");
        }
        if (!faults.isEmpty()) {
            throw new Config.Invalid(faults);
        }
        return config;
    }

    /** Variables that nobody has read, and whose names are nearly those of some that were. */
    private List<String> doubts() {
        return environment.keySet().stream()
                .filter(each -> each.length() >= SHORTEST_DOUBTED && !asked.contains(each))
                .flatMap(
                        each ->
                                Misspelt.meant(each, asked).stream()
                                        .map(
                                                meant ->
                                                        each
                                                                + " is not read: is "
                                                                + meant
                                                                + " meant?"))
                .sorted()
                .toList();
    }

    private void fault(String name, String rule) {
        faults.add(name + " " + rule);
    }

    private @Nullable String value(String name) {
        asked.add(name);
        var value = environment.get(name);
        return value == null || value.isBlank() ? null : value.strip();
    }

    private String text(String name, String ifUnset) {
        var value = value(name);
        return value == null ? ifUnset : value;
    }

    private @Nullable Path path(String name) {
        var value = value(name);
        if (value == null && environment.containsKey(name)) {
            // An empty variable is a mistake somewhere; it must not pass as an absent one.
            fault(name, "is set and empty");
        }
        return value == null ? null : Path.of(value);
    }

    private @Nullable String adminToken() {
        var token = value("ADMIN_TOKEN");
        if (token == null && environment.containsKey("ADMIN_TOKEN")) {
            fault("ADMIN_TOKEN", "is set and empty");
        } else if (token != null && !AdminToken.isValid(token)) {
            fault("ADMIN_TOKEN", Placeholder.isOne(token) ? Placeholder.RULE : AdminToken.RULE);
        }
        return token;
    }

    private Config.@Nullable Tls tls() {
        var certificate = path("TLS_CERTIFICATE");
        var key = path("TLS_PRIVATE_KEY");
        if (certificate != null && key != null) {
            return new Config.Tls(certificate, key);
        }
        if (certificate != null || key != null) {
            fault(
                    certificate == null ? "TLS_CERTIFICATE" : "TLS_PRIVATE_KEY",
                    "is required with the other of the two");
        }
        return null;
    }

    private @Nullable OidcSettings oidc() {
        var issuer = value("OIDC_ISSUER");
        if (issuer == null) {
            for (var name : List.of("OIDC_AUDIENCE", "OIDC_JWKS_URL")) {
                if (value(name) != null) {
                    fault(name, "makes no sense without OIDC_ISSUER");
                }
            }
            if (environment.containsKey("OIDC_ISSUER")) {
                fault("OIDC_ISSUER", "is set and empty");
            }
            return null;
        }
        var algorithm = text("OIDC_ALGORITHM", "RS256");
        if (!OidcSettings.ALGORITHMS.contains(algorithm)) {
            fault("OIDC_ALGORITHM", "must be one of " + new TreeSet<>(OidcSettings.ALGORITHMS));
            return null;
        }
        var audience = value("OIDC_AUDIENCE");
        if (audience == null) {
            fault("OIDC_AUDIENCE", "is required with OIDC_ISSUER");
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
                        text("OIDC_ROLE_CLAIM", "roles"),
                        roles,
                        KEYS_PATIENCE);
    }

    private @Nullable URI keysOfProvider() {
        var value = value("OIDC_JWKS_URL");
        if (value != null) {
            try {
                var url = new URI(value);
                var host = url.getHost();
                boolean local = "localhost".equals(host) || "127.0.0.1".equals(host);
                if (host != null
                        && ("https".equals(url.getScheme())
                                || (local && "http".equals(url.getScheme())))) {
                    return url;
                }
            } catch (URISyntaxException e) {
                // Falls through to the same fault: the rule is one.
            }
        }
        fault("OIDC_JWKS_URL", "is required with OIDC_ISSUER, as an https URL");
        return null;
    }

    private Map<String, Role> roles() {
        var roles = new HashMap<String, Role>();
        for (var each : text("OIDC_ROLES", USUAL_ROLES).split(",", -1)) {
            var parts = each.strip().split("=", 2);
            var role = Role.named(parts[0].strip());
            if (parts.length != 2 || parts[1].isBlank() || role.isEmpty()) {
                fault("OIDC_ROLES", "must be of the form " + USUAL_ROLES);
            } else {
                roles.put(parts[1].strip(), role.get());
            }
        }
        return roles;
    }

    private boolean flag(String name) {
        var value = text(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            fault(name, "must be true or false");
        }
        return value.equals("true");
    }

    private int number(String name, int ifUnset, int min, int max) {
        var value = value(name);
        if (value == null) {
            return ifUnset;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through to the same fault: the rule is one.
        }
        fault(name, "must be a whole number from " + min + " to " + max);
        return ifUnset;
    }

    private Config.@Nullable Listen metrics() {
        return value("METRICS_PORT") == null
                ? null
                : new Config.Listen(
                        text("MANAGEMENT_HOST", "127.0.0.1"), number("METRICS_PORT", 0, 0, 65_535));
    }

    private RetentionPeriods retention() {
        var usual = RetentionPeriods.USUAL;
        var eraseAfter = period("ERASE_AFTER", usual.eraseAfter());
        var recordFor = period("RECORD_KEPT_FOR", usual.recordFor());
        try {
            return new RetentionPeriods(eraseAfter, recordFor);
        } catch (IllegalArgumentException e) {
            fault("ERASE_AFTER", String.valueOf(e.getMessage()));
            return usual;
        }
    }

    private Duration duration(String name, Duration ifUnset) {
        var value = value(name);
        if (value == null) {
            return ifUnset;
        }
        try {
            var duration = Duration.parse(value);
            if (duration.isPositive()) {
                return duration;
            }
        } catch (DateTimeParseException e) {
            // Falls through to the same fault: the rule is one.
        }
        fault(name, "must be an ISO 8601 duration longer than nothing, such as PT1H");
        return ifUnset;
    }

    private Period period(String name, Period ifUnset) {
        var value = value(name);
        if (value == null) {
            return ifUnset;
        }
        try {
            return Period.parse(value);
        } catch (DateTimeParseException e) {
            fault(name, "must be an ISO 8601 period of whole days, such as P35D or P24M");
            return ifUnset;
        }
    }

    private @Nullable String publicUrl() {
        var value = value("PUBLIC_URL");
        if (value == null) {
            if (purpose == Config.For.SERVING && environment.containsKey("DATABASE_URL")) {
                // Meta would hand out an address of this machine, for good.
                fault("PUBLIC_URL", "is required with DATABASE_URL");
            }
            return null;
        }
        try {
            var url = new URI(value);
            boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            if (http
                    && url.getHost() != null
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null
                    && url.getRawUserInfo() == null
                    && url.getRawPath().matches("/*")) {
                if ("http".equals(url.getScheme()) && !LOOPBACK.contains(url.getHost())) {
                    fault("PUBLIC_URL", "must be https, unless it is loopback");
                }
                return value.replaceAll("/+$", "");
            }
        } catch (URISyntaxException e) {
            // Falls through to the same fault: the rule is one.
        }
        fault("PUBLIC_URL", "must be an http or https URL without path, query and fragment");
        return null;
    }

    private @Nullable DatabaseAddress database(String name) {
        var value = value(name);
        if (value == null) {
            if (environment.containsKey(name)) {
                // An empty secret must not silently start a database of our own.
                fault(name, "is set and empty");
            }
            return null;
        }
        try {
            var address = DatabaseAddress.parse(value);
            boolean insecure = flag("DATABASE_INSECURE");
            if (!address.isLoopback() && !address.isVerified() && !insecure) {
                fault(
                        name,
                        "must say sslmode=verify-full beyond loopback (or set"
                                + " DATABASE_INSECURE=true)");
            }
            return address;
        } catch (IllegalArgumentException e) {
            fault(name, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private List<Cidr> trustedProxies() {
        try {
            return Cidr.list(text("TRUSTED_PROXIES", ""));
        } catch (IllegalArgumentException e) {
            fault("TRUSTED_PROXIES", String.valueOf(e.getMessage()));
            return List.of();
        }
    }

    private OutboundRules outbound() {
        try {
            return OutboundRules.allowing(text("OUTBOUND_ALLOW", ""));
        } catch (IllegalArgumentException e) {
            fault("OUTBOUND_ALLOW", String.valueOf(e.getMessage()));
            return OutboundRules.allowing("");
        }
    }
}
