package net.cartback.deletion.config;

import net.cartback.deletion.access.OidcSettings;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.mail.MailSettings;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.terms.RetentionPeriods;
import net.cartback.deletion.web.Cidr;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The whole configuration, read once from the environment. A value that exists is valid; {@link
 * #toString} shows no secret.
 *
 * @param metrics where the metrics are alone; null: with the management listener only
 * @param publicUrl base of status and receipt URLs, without a slash at its end; null: {@code
 *     http://localhost:<port>}, once the port is known
 * @param database null: an embedded one under {@code dataDir}
 * @param migrationDatabase the schema's owner; null with the embedded database
 * @param brandFile null: the pages say what they can without one
 * @param businessDaysFile null: Monday to Friday, by UTC, without holidays
 * @param keyringFile null: generated under {@code dataDir}, with the embedded database only
 * @param adminToken bearer token of the admin API; null: generated under {@code dataDir} with the
 *     embedded database, otherwise none
 * @param oidc the provider whose bearer tokens are accepted, too; null: none
 * @param mail the server that takes mails to people; null: people are told nothing by mail
 * @param doubts one sentence for each variable that is not read, but whose name is nearly that of a
 *     variable that is read
 */
public record Config(
        Listen listen,
        Listen management,
        @Nullable Listen metrics,
        @Nullable String publicUrl,
        @Nullable DatabaseAddress database,
        @Nullable DatabaseAddress migrationDatabase,
        int databasePoolSize,
        Path dataDir,
        @Nullable Path registryFile,
        @Nullable Path brandFile,
        @Nullable Path businessDaysFile,
        @Nullable Path keyringFile,
        @Nullable String adminToken,
        @Nullable OidcSettings oidc,
        OutboundRules outbound,
        List<Cidr> trustedProxies,
        @Nullable Tls tls,
        @Nullable MailSettings mail,
        int dispatchConcurrency,
        int recordTogether,
        RetentionPeriods retention,
        AuditHeads auditHeads,
        Map<String, String> environment,
        List<String> doubts) {

    /** The PEM files with which the public listener speaks TLS. */
    public record Tls(Path certificate, Path key) {}

    /** An address to listen on. Port 0 takes a free one. */
    public record Listen(String host, int port) {}

    /** How often the audit trail's head is signed, and the file it is added to; null: none. */
    public record AuditHeads(Duration every, @Nullable Path file) {}

    /** The purpose of reading. It decides which variables are required. */
    enum For {
        /** The migration, which opens no sealed value and needs no keyring. */
        MIGRATING,
        /** A command that hands out no address of the relay. */
        COMMANDS,
        /** A command that hands out the relay's address: required with a configured database. */
        SERVING
    }

    public static Config read(Map<String, String> environment) {
        return new ConfigReader(environment, For.COMMANDS).read();
    }

    public static Config readToMigrate(Map<String, String> environment) {
        return new ConfigReader(environment, For.MIGRATING).read();
    }

    public static Config readToServe(Map<String, String> environment) {
        return new ConfigReader(environment, For.SERVING).read();
    }

    /** The configured database; only to be asked where it is not the embedded one. */
    public DatabaseAddress databaseOrFail() {
        if (database == null) {
            throw new IllegalStateException("The embedded database has no configured address");
        }
        return database;
    }

    /** The same with another database, which its own role migrates. */
    public Config withDatabase(DatabaseAddress other) {
        return new Config(
                listen,
                management,
                metrics,
                publicUrl,
                other,
                other,
                databasePoolSize,
                dataDir,
                registryFile,
                brandFile,
                businessDaysFile,
                keyringFile,
                adminToken,
                oidc,
                outbound,
                trustedProxies,
                tls,
                mail,
                dispatchConcurrency,
                recordTogether,
                retention,
                auditHeads,
                environment,
                doubts);
    }

    /** The public URL, or the one that this machine has. */
    public String publicUrlOrLocal() {
        return publicUrl == null ? localUrl(listen.port()) : publicUrl;
    }

    /** Where this machine reaches the public listener on this port. */
    public String localUrl(int port) {
        return (tls == null ? "http" : "https") + "://localhost:" + port;
    }

    public boolean isEmbedded() {
        return database == null;
    }

    @Override
    public String toString() {
        return "Config[listen="
                + listen
                + ", management="
                + management
                + ", publicUrl="
                + publicUrl
                + ", database="
                + (database == null ? "embedded under " + dataDir : database)
                + "]";
    }
}
