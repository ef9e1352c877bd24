package net.cartback.deletion.config;

import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.mail.MailSettings;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.EmbeddedDatabase;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.RetentionPeriods;
import net.cartback.deletion.web.Cidr;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads variable by variable and collects the faults. */
final class ConfigReader {

    private static final String NO_DATABASE =
            "is required: this installation has no embedded database. Name one of PostgreSQL 18, as"
                    + " postgres://user:password@host/database";

    private static final int MAX_CONCURRENCY = 10_000;
    private static final int MAX_TOGETHER = 256;
    private static final int MAX_POOL = 100;

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
                        new OidcReader(variables).read(),
                        outbound(),
                        trustedProxies(),
                        tls(),
                        mail(),
                        variables.number("DISPATCH_CONCURRENCY", 256, 0, MAX_CONCURRENCY),
                        variables.number("RECORD_TOGETHER", 64, 1, MAX_TOGETHER),
                        retention(),
                        new Config.AuditHeads(
                                variables.duration("AUDIT_HEAD_EVERY", Duration.ofHours(1)),
                                variables.path("AUDIT_HEADS")),
                        Map.copyOf(environment),
                        variables.doubts());
        ports(config);
        if (!variables.faults().isEmpty()) {
            throw new Refused(variables.faults());
        }
        return config;
    }

    private void ports(Config config) {
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

    private @Nullable MailSettings mail() {
        var url = variables.value("SMTP_URL");
        var from = variables.value("MAIL_FROM");
        if (url == null) {
            if (variables.isSet("SMTP_URL")) {
                variables.fault("SMTP_URL", "is set and empty");
            } else if (from != null) {
                variables.fault("MAIL_FROM", "makes no sense without SMTP_URL");
            }
            return null;
        }

        if (from == null
                || IdentifierType.EMAIL.read(from).isEmpty()
                || !from.chars().allMatch(sign -> sign < 0x80)) {
            variables.fault(
                    "MAIL_FROM",
                    from == null
                            ? "is required with SMTP_URL: the address in whose name mails are sent"
                            : "must be an e-mail address alone, in ASCII");
            from = "";
        }
        try {
            return MailSettings.parse(url, from);
        } catch (IllegalArgumentException e) {
            variables.fault("SMTP_URL", String.valueOf(e.getMessage()));
            return null;
        }
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
