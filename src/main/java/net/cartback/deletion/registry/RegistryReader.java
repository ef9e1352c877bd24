package net.cartback.deletion.registry;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.answer.AgreedStatus;
import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.WireName;
import net.cartback.deletion.yaml.YamlFields;
import net.cartback.deletion.yaml.YamlFile;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Reads a registry file and collects every fault in it. One use each. */
final class RegistryReader {

    private static final int MAX_NAME = 200;
    private static final int MAX_URL_LENGTH = 2_048;
    private static final int MAX_IN_FLIGHT = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final Duration MAX_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration MAX_RECEIPT_WITHIN = Duration.ofDays(30);
    private static final Pattern STATUS = Pattern.compile("[1-5][0-9][0-9]");

    private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}");

    /** What servers and proxies put into whatever they send (RFC 9110, RFC 9111 and common use). */
    private static final Set<String> ANYBODYS_HEADERS =
            Set.of(
                    "age",
                    "alt-svc",
                    "cache-control",
                    "connection",
                    "content-encoding",
                    "content-language",
                    "content-length",
                    "content-security-policy",
                    "content-type",
                    "date",
                    "etag",
                    "expires",
                    "keep-alive",
                    "last-modified",
                    "location",
                    "pragma",
                    "proxy-authenticate",
                    "referrer-policy",
                    "retry-after",
                    "server",
                    "set-cookie",
                    "strict-transport-security",
                    "trailer",
                    "transfer-encoding",
                    "upgrade",
                    "vary",
                    "via",
                    "warning",
                    "www-authenticate",
                    "x-cache",
                    "x-content-type-options",
                    "x-correlation-id",
                    "x-frame-options",
                    "x-powered-by",
                    "x-request-id",
                    "x-xss-protection");

    private static final Set<String> MAPPED_OUTCOMES = Set.of("deleted", "nothing_found");
    private static final Set<String> EVENTS = Set.of("deletion", "deauthorization", "person");
    private static final Set<String> APP_STATES = Set.of("live", "ended", "retired");
    private static final String[] SYSTEM_FIELDS = {
        "id",
        "name",
        "public_name",
        "public_names",
        "state",
        "url",
        "secrets",
        "events",
        "accepts",
        "ack_means",
        "answers",
        "answers_header",
        "max_in_flight",
        "rate_per_minute",
        "timeout",
        "receipt_within",
        "tls",
        "ca"
    };
    private static final Set<String> SYSTEM_STATES = Set.of("live", "retired");

    private final Map<String, String> variables;
    private final boolean plainHttp;
    private final List<String> faults = new ArrayList<>();

    RegistryReader(Map<String, String> variables, boolean plainHttp) {
        this.variables = variables;
        this.plainHttp = plainHttp;
    }

    RegistryFile read(String yaml) {
        var file = YamlFile.read(yaml, faults);
        if (file == null) {
            throw new InvalidRegistry(faults);
        }
        return read(file.root(), file.notText(), true);
    }

    /** Reads changes to entries: an object that did not come from a file. */
    RegistryFile read(JsonNode root) {
        var notText = new HashMap<String, String>();
        collectNumbers("", root, notText);
        return read(root, notText, false);
    }

    private RegistryFile read(JsonNode root, Map<String, String> notText, boolean whole) {
        var source = new YamlFields.Source(variables, notText);
        var fields = new YamlFields("", root, source, faults);
        fields.allow("apps", "systems");
        var systemFields = fields.objects("systems");
        var appFields = fields.objects("apps");
        var systems = systemFields.stream().map(this::system).toList();
        var apps = appFields.stream().map(this::app).toList();
        unique(systemFields);
        unique(appFields);
        if (!faults.isEmpty()) {
            throw new InvalidRegistry(faults);
        }
        return new RegistryFile(
                apps.stream().map(Objects::requireNonNull).toList(),
                systems.stream().map(Objects::requireNonNull).toList(),
                fields.filledIn(),
                whole);
    }

    private RegistryFile.@Nullable App app(YamlFields app) {
        app.allow("id", "name", "names", "platform", "state", "secrets", "systems");
        var id = app.required("id", MetaAppId::isValid, "must be 1 to 20 digits, in quotes");
        var name = app.shown("name", MAX_NAME);
        var names = app.shownByLanguage("names", MAX_NAME);
        var platform = app.text("platform", 1, 20);
        if (platform != null && Platform.named(platform).isEmpty()) {
            app.fault("platform", "must be facebook, instagram, threads, whatsapp or messenger");
        }
        var state = app.oneOf("state", APP_STATES);
        var secrets = app.has("secrets") ? SecretReader.appSecrets(app) : null;
        var systems = app.texts("systems");
        if (systems != null) {
            for (int i = 0; i < systems.size(); i++) {
                if (!ClientSystemId.isValid(systems.get(i))) {
                    app.fault("systems[" + i + "]", "is not a system id");
                }
            }
        }
        return id == null || !faults.isEmpty()
                ? null
                : new RegistryFile.App(
                        new MetaAppId(id),
                        name,
                        names,
                        platform == null ? null : Platform.named(platform).orElseThrow(),
                        state,
                        secrets,
                        systems == null
                                ? null
                                : systems.stream().distinct().map(ClientSystemId::new).toList());
    }

    private RegistryFile.@Nullable Client system(YamlFields system) {
        system.allow(SYSTEM_FIELDS);
        var id =
                system.required(
                        "id", ClientSystemId::isValid, "must be 1 to 64 of a-z, 0-9, - and _");
        var name = system.shown("name", MAX_NAME);
        var publicName = system.shown("public_name", MAX_NAME);
        var publicNames = system.shownByLanguage("public_names", MAX_NAME);
        var state = system.oneOf("state", SYSTEM_STATES);
        var url = url(system);
        var secrets = system.has("secrets") ? SecretReader.webhookSecrets(system) : null;
        var events = system.texts("events");
        if (events != null && !EVENTS.containsAll(events)) {
            system.fault("events", "may hold deletion, deauthorization and person");
        }
        var accepts = accepts(system);
        var ackMeans = system.oneOf("ack_means", Set.of("accepted", "deleted"));
        var answers = answers(system);
        var answersHeader = answersHeader(system);
        var maxInFlight = system.integer("max_in_flight", 1, MAX_IN_FLIGHT);
        var rate = system.integer("rate_per_minute", 1, MAX_RATE);
        var timeout = system.duration("timeout", Duration.ofSeconds(1), MAX_TIMEOUT);
        var within = system.duration("receipt_within", Duration.ofMinutes(1), MAX_RECEIPT_WITHIN);
        var tls = system.oneOf("tls", Set.of("1.2", "1.3"));
        var ca = system.pem("ca");
        return id == null || !faults.isEmpty()
                ? null
                : new RegistryFile.Client(
                        new ClientSystemId(id),
                        name,
                        publicName,
                        publicNames,
                        state,
                        url,
                        secrets,
                        events == null ? null : events.stream().distinct().sorted().toList(),
                        accepts,
                        ackMeans == null ? null : WireName.named(AckMeans.class, ackMeans),
                        answers,
                        answersHeader,
                        maxInFlight,
                        rate,
                        timeout,
                        within,
                        tls,
                        ca);
    }

    /** By its path, each value that is no text. */
    private static void collectNumbers(String path, JsonNode node, Map<String, String> found) {
        if (node.isObject()) {
            var prefix = path.isEmpty() ? "" : path + ".";
            node.properties()
                    .forEach(
                            each -> collectNumbers(prefix + each.getKey(), each.getValue(), found));
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                collectNumbers(path + "[" + i + "]", node.get(i), found);
            }
        } else if (!node.isTextual()) {
            found.put(path, node.asText());
        }
    }

    private @Nullable URI url(YamlFields system) {
        var text = system.text("url", 1, MAX_URL_LENGTH);
        if (text == null) {
            return null;
        }
        var fault = Placeholder.isIn(text) ? Placeholder.RULE : CallableUrl.fault(text, plainHttp);
        if (fault != null) {
            system.fault("url", fault);
            return null;
        }
        return CallableUrl.of(text);
    }

    private static @Nullable List<IdentifierType> accepts(YamlFields system) {
        var names = system.texts("accepts");
        if (names == null) {
            return null;
        }
        var types = new TreeSet<IdentifierType>();
        for (var name : names) {
            WireName.find(IdentifierType.class, name)
                    .ifPresentOrElse(
                            types::add,
                            () ->
                                    system.fault(
                                            "accepts",
                                            "may hold "
                                                    + WireName.list(
                                                            List.of(IdentifierType.values()))));
        }
        return List.copyOf(types);
    }

    private @Nullable Map<Integer, String> answers(YamlFields system) {
        var given = system.map("answers");
        if (given == null) {
            return null;
        }
        var answers = new TreeMap<Integer, String>();
        given.forEach(
                (status, outcome) -> {
                    if (!STATUS.matcher(status).matches()) {
                        system.fault("answers." + status, "is not an HTTP status");
                    } else if (!AgreedStatus.isPossible(Integer.parseInt(status))) {
                        system.fault(
                                "answers." + status,
                                "is a status that networks and servers send, and says nothing"
                                        + " about a person");
                    } else if (!MAPPED_OUTCOMES.contains(outcome)) {
                        system.fault("answers." + status, "must be deleted or nothing_found");
                    } else {
                        answers.put(Integer.parseInt(status), outcome);
                    }
                });
        return answers;
    }

    /** Empty: none. */
    private static @Nullable String answersHeader(YamlFields system) {
        var name = system.text("answers_header", 0, 100);
        if (name == null || name.isEmpty() || HEADER.matcher(name).matches()) {
            if (name != null && ANYBODYS_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                system.fault("answers_header", "must be a header that only the client sends");
            }
            return name;
        }
        system.fault("answers_header", "must be the name of an HTTP header");
        return null;
    }

    private static void unique(List<YamlFields> entries) {
        var seen = new HashSet<String>();
        for (var each : entries) {
            var id = each.raw("id");
            if (id != null && !seen.add(id)) {
                each.fault("id", "is given twice in this file");
            }
        }
    }
}
