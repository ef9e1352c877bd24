package net.cartback.deletion.command;

import com.sun.management.UnixOperatingSystemMXBean;

import net.cartback.deletion.config.BrandLoader;
import net.cartback.deletion.config.CalendarLoader;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.config.RegistryLoader;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.mail.MailError;
import net.cartback.deletion.mail.MailNotTaken;
import net.cartback.deletion.mail.MailServer;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.serve.Figures;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.EmbeddedDatabaseFailed;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.storage.SchemaRefused;
import net.cartback.deletion.storage.ServerFacts;

import picocli.CommandLine.Command;

import java.lang.management.ManagementFactory;
import java.util.concurrent.Callable;

/** {@code doctor}. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description =
                "Check this installation, and tell what is wrong and how to correct it:"
                    + " configuration, database, role and rights, schema, clock, keyring, registry,"
                    + " the mail server, the public address. Run it with the environment of serve."
                    + " It changes nothing, but starts and migrates an embedded database. Exit code"
                    + " 1 if anything is wrong.")
final class DoctorCommand implements Callable<Integer> {

    /** Half of what may come from proxies, and what the relay itself has open. */
    private static final long FEWEST_FILES = 4_096;

    private final Terminal terminal;
    private final Findings findings;

    DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
        this.findings = new Findings(terminal.out());
    }

    @Override
    public Integer call() {
        terminal.out().println("deletion-relay " + Figures.version());
        files();
        try {
            var config = Config.readToServe(terminal.environment());
            findings.good("the configuration can be read");
            config.doubts().forEach(each -> findings.wrong("a variable", each));
            brand(config);
            businessDays(config);
            mail(config);
            proxies(config);
            database(config);
            address(config);
        } catch (Refused e) {
            e.faults().forEach(each -> findings.wrong("the configuration", each));
        }
        return findings.exitCode();
    }

    private void files() {
        if (ManagementFactory.getOperatingSystemMXBean()
                instanceof UnixOperatingSystemMXBean system) {
            long most = system.getMaxFileDescriptorCount();
            findings.that(
                    most >= FEWEST_FILES,
                    most + " files may be open",
                    "each connection takes one: allow "
                            + FEWEST_FILES
                            + " or more (ulimit -n, LimitNOFILE)");
        }
    }

    private void brand(Config config) {
        var file = config.brandFile();
        if (file == null) {
            findings.note("BRAND_FILE is not set: the pages name nobody to write to");
            return;
        }
        try {
            var brand = BrandLoader.read(config);
            findings.good("the brand can be shown");
            brand.leftOut()
                    .forEach(
                            (field, names) ->
                                    findings.note(
                                            field
                                                    + " is served without "
                                                    + String.join(", ", names)
                                                    + ": look whether it still is as it should"
                                                    + " be"));
        } catch (Refused e) {
            e.faults().forEach(each -> findings.wrong("BRAND_FILE", each));
        }
    }

    private void businessDays(Config config) {
        try {
            CalendarLoader.read(config);
            if (config.businessDaysFile() == null) {
                findings.note(
                        "BUSINESS_DAYS_FILE is not set: acknowledgements are due by UTC, without"
                                + " holidays");
            } else {
                findings.good("the business days can be counted");
            }
        } catch (Refused e) {
            e.faults().forEach(each -> findings.wrong("BUSINESS_DAYS_FILE", each));
        }
    }

    private void mail(Config config) {
        var mail = config.mail();
        if (mail == null) {
            findings.note("SMTP_URL is not set: nobody is told anything by mail");
            return;
        }
        try {
            new MailServer(mail).check();
            findings.good("the mail server lets the relay in");
        } catch (MailNotTaken e) {
            findings.wrong("the mail server", mailRule(e.error()));
        }
    }

    private static String mailRule(MailError error) {
        return switch (error) {
            case CONNECT -> "nobody answers at the host and port of SMTP_URL";
            case TIMEOUT -> "it does not answer in time";
            case TLS ->
                    "it speaks no TLS 1.2 or 1.3, or its certificate is not one of its host name:"
                            + " smtps:// is TLS from the first byte, smtp:// is STARTTLS";
            case LOGIN -> "it does not accept the user or the password of SMTP_URL";
            case SENDER, BUSY, POLICY, RECIPIENT, UNREADABLE, ERASED, WITHDRAWN ->
                    "it refuses: " + error.wireName();
        };
    }

    private void proxies(Config config) {
        var url = config.publicUrl();
        if (url == null || config.tls() != null || !url.startsWith("https:")) {
            return;
        }
        findings.that(
                !config.trustedProxies().isEmpty(),
                "the relay knows the callers' addresses",
                "the relay speaks no TLS, so a proxy is in front of it, but TRUSTED_PROXIES is"
                        + " empty: all callers look like one caller, and share its limits. Name the"
                        + " proxy's addresses in TRUSTED_PROXIES");
    }

    private void database(Config config) {
        try {
            if (!config.isEmbedded() && !Migrations.isCurrent(config.databaseOrFail())) {
                findings.wrong("the schema", "run the command migrate of this version");
                return;
            }
            try (var storage = CommandRelay.open(config)) {
                findings.good("the schema is of version " + Migrations.SCHEMA);
                findings.good("the keyring has the keys of this database");
                server(config, storage.serverFacts());
                findings.that(
                        !storage.areClocksApart(),
                        "the clocks of this machine and of the database agree",
                        "they are a minute apart, or more: set the one that is wrong");
                registry(config, storage);
                attention(storage);
            }
        } catch (DatabaseUnavailable e) {
            findings.wrong("the database", e.whyRefused());
        } catch (SchemaRefused | EmbeddedDatabaseFailed | SealBroken e) {
            findings.wrong("the database", String.valueOf(e.getMessage()));
        }
    }

    private void server(Config config, ServerFacts server) {
        findings.good("the database is PostgreSQL " + server.version());
        if (config.isEmbedded()) {
            findings.note(
                    "the database is the embedded one, on this machine's disk: back up "
                            + config.dataDir());
            return;
        }
        connection(config, server);
        findings.that(
                !server.isSuperuser(),
                "the role " + server.role() + " is no superuser",
                "give the relay a role of its own, and MIGRATION_DATABASE_URL another one");
        findings.that(
                !server.ownsTables(),
                "the role " + server.role() + " does not own the tables",
                "an intruder in the relay could change the audit trail: let another role own the"
                        + " tables, name that role in MIGRATION_DATABASE_URL, and run migrate");
        findings.that(
                server.missingRights().isEmpty(),
                "the role has the rights that it needs",
                "it lacks "
                        + String.join(", ", server.missingRights())
                        + ": migrate gives them, with this DATABASE_URL");
        if (!server.mayReadStatistics()) {
            findings.note(
                    "transactions of other roles that stay open are not seen: GRANT"
                            + " pg_read_all_stats TO "
                            + server.role());
        }
        int needed = config.databasePoolSize() + 2;
        int most =
                server.connectionLimit() < 0 ? server.maxConnections() : server.connectionLimit();
        findings.that(
                most >= 4 * needed,
                most + " connections are allowed",
                "two replicas, and two more while a version is rolled out, take "
                        + 4 * needed
                        + ": allow more, or lower DATABASE_POOL_SIZE");
        if (!server.waitsForStandbys()) {
            findings.note(
                    "a commit waits for no standby: if the machine of the database is lost, the"
                            + " requests that were answered last are lost with it");
        }
    }

    private void connection(Config config, ServerFacts server) {
        if (server.tls() != null) {
            findings.good("the connection to it is encrypted: " + server.tls());
        } else if (config.databaseOrFail().isLoopback()) {
            findings.good("the connection to it does not leave this machine");
        } else {
            // Config lets nothing else pass.
            findings.note(
                    "the connection to the database is not encrypted, as DATABASE_INSECURE allows:"
                            + " this is safe only if the connection does not leave the machine");
        }
    }

    private void registry(Config config, CommandRelay storage) {
        storage.registry().reload();
        if (storage.registry().appIds().isEmpty()) {
            findings.note(
                    "no app is registered: "
                            + (config.registryFile() == null
                                    ? "registry apply FILE"
                                    : "serve applies REGISTRY_FILE"));
        }
        var file = config.registryFile();
        if (file == null) {
            return;
        }
        try {
            var changes = storage.differences(RegistryLoader.read(file, config));
            findings.that(
                    changes.isEmpty(),
                    "the registry is as its file says",
                    changes.size()
                            + " entries differ from "
                            + file
                            + ": registry diff shows them, registry apply applies the file");
        } catch (InvalidRegistry e) {
            e.faults().forEach(each -> findings.wrong(file.toString(), each));
        } catch (Refused e) {
            e.faults().forEach(each -> findings.wrong(file.toString(), each));
        }
    }

    private void attention(CommandRelay storage) {
        int causes = storage.attentions().all().size();
        findings.that(
                causes == 0,
                "nothing in the database needs an operator",
                (causes == 1 ? "1 cause does" : causes + " causes do") + ": attention tells");
    }

    private void address(Config config) {
        var url = config.publicUrl();
        if (url == null) {
            findings.note("PUBLIC_URL is not set: the links work on this machine only");
            return;
        }
        try (var check = new CallbackCheck(url)) {
            var reachable = check.isReachable();
            findings.add(
                    new CallbackCheck.Answer(
                            "PUBLIC_URL: " + reachable.what(),
                            reachable.fault(),
                            reachable.arrived()));
            if (reachable.arrived()) {
                var leads = check.statusOfNobody();
                findings.add(leads);
                if (leads.arrived() && url.startsWith("https:")) {
                    findings.add(check.certificate());
                }
            }
        }
    }
}
