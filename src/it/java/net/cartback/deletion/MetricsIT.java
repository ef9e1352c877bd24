package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.KeyringFile;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.serve.App;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a relay that runs shows of itself is what docs/METRICS.md says, and nothing else. */
class MetricsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Only where the relay speaks TLS itself. */
    private static final String WITH_TLS = "relay_tls_certificate_lasts_seconds";

    private static final Pattern TYPE = Pattern.compile("# TYPE (\\w+) (\\w+)");
    private static final Pattern SAMPLE = Pattern.compile("(relay_\\w+)\\{(.*)\\} .*");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Pattern QUOTED = Pattern.compile("`([a-z_0-9-]+)`");

    private static final String REGISTRY =
            """
            systems:
              - id: crm
                name: CRM
                url: https://crm.example.com/d
                secrets: [{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]
            apps:
              - {id: "77", name: Shop, secrets: [{value: 5f0c6a8e9b1d4c37}], systems: [crm]}
              - {id: "78", name: Old, state: retired, secrets: [{value: 5f0c6a8e9b1d4c37}]}
            """;

    @TempDir private Path directory;

    @Test
    void the_page_has_every_metric_with_its_labels_and_their_values_and_no_other()
            throws Exception {
        try (var app = new App(Config.readToServe(environment()))) {
            assertThat(app.becomeReady(new CountDownLatch(1))).isTrue();
            var page = page();
            // What loops measure is there after their first rounds.
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> {
                                var body = scrape(app.metricsPort()).body();
                                assertThat(body).contains("relay_database_up 1");
                                var missing = new TreeSet<>(page.keySet());
                                missing.removeAll(names(body));
                                assertThat(missing)
                                        .contains(WITH_TLS)
                                        .as("a collector that has not run tells of nothing")
                                        .allMatch(
                                                name ->
                                                        name.equals(WITH_TLS)
                                                                || name.startsWith("jvm_gc_"));
                            });
            var text = scrape(app.metricsPort()).body();
            assertThat(page.keySet()).containsAll(names(text));

            var labels = new TreeMap<String, Set<String>>();
            text.lines()
                    .map(SAMPLE::matcher)
                    .filter(Matcher::matches)
                    .forEach(
                            sample -> {
                                var found = LABEL.matcher(sample.group(2));
                                while (found.find()) {
                                    var words =
                                            labels.computeIfAbsent(
                                                    sample.group(1), name -> new TreeSet<>());
                                    words.add(found.group(1));
                                    if (Set.of("verdict", "reply", "outcome", "state", "kind", "of")
                                            .contains(found.group(1))) {
                                        words.add(found.group(2));
                                    }
                                }
                            });
            assertThat(labels).hasSizeGreaterThan(5);
            labels.forEach((name, words) -> assertThat(page.get(name)).as(name).containsAll(words));

            assertThat(scrape(app.managementPort()).body()).contains("relay_callbacks_total{");
            assertThat(get(app.metricsPort(), "/admin/v1/attention").statusCode())
                    .as("nothing but metrics is there")
                    .isEqualTo(404);
            assertThat(get(app.metricsPort(), "/health/live").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void counters_of_what_is_registered_begin_at_0() throws Exception {
        try (var app = new App(Config.readToServe(environment()))) {
            assertThat(app.becomeReady(new CountDownLatch(1))).isTrue();
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    scrape(app.metricsPort())
                                            .body()
                                            .contains("relay_callbacks_total{"));
            var retired = callRetired(app);
            assertThat(retired).isEqualTo(410);
            // Who counts what is a class each, and they begin one after the other.
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () ->
                                    assertThat(scrape(app.metricsPort()).body())
                                            .contains(
                                                    "relay_ready 1.0",
                                                    "relay_callbacks_total{app=\"78\",kind=\"deletion\",verdict=\"retired-app\"}"
                                                        + " 1.0",
                                                    "relay_callbacks_total{app=\"77\",kind=\"deletion\",verdict=\"unavailable\"}"
                                                        + " 0.0",
                                                    "relay_callbacks_total{app=\"77\",kind=\"deletion\",verdict=\"bad-signature\"}"
                                                        + " 0.0",
                                                    "relay_attempts_total{reply=\"system_at_fault\",system=\"crm\"}"
                                                        + " 0.0",
                                                    "relay_deliveries_total{outcome=\"deleted\",system=\"crm\"}"
                                                        + " 0.0",
                                                    "relay_receipts_total{system=\"crm\",verdict=\"contradicted\"}"
                                                        + " 0.0"));
        }
    }

    /** Calls for an app that is retired. */
    private static int callRetired(App app) {
        return Http.sendUnchecked(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + app.port()
                                                        + "/meta/78/data-deletion"))
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(HttpRequest.BodyPublishers.ofString("signed_request=x"))
                                .build())
                .statusCode();
    }

    /** Each metric of the page with the words of its row that are in code. */
    private static Map<String, Set<String>> page() throws IOException {
        var page = new TreeMap<String, Set<String>>();
        for (var line : Files.readAllLines(Path.of("docs/METRICS.md"))) {
            if (!line.startsWith("| `")) {
                continue;
            }
            var words = new TreeSet<String>();
            var found = QUOTED.matcher(line);
            while (found.find()) {
                words.add(found.group(1));
            }
            var names = QUOTED.matcher(line.substring(2, line.indexOf(" | ", 2)));
            while (names.find()) {
                page.put(names.group(1), words);
            }
        }
        return page;
    }

    private static Set<String> names(String metrics) {
        var names = new TreeSet<String>();
        var types = TYPE.matcher(metrics);
        while (types.find()) {
            names.add(types.group(1));
        }
        return names;
    }

    private static HttpResponse<String> scrape(int port) {
        return get(port, "/metrics");
    }

    private static HttpResponse<String> get(int port, String path) {
        return Http.sendUnchecked(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build());
    }

    private Map<String, String> environment() throws IOException {
        var address = TestPostgres.migrated();
        var keyring = directory.resolve("keyring.json");
        KeyringFile.generate(keyring, InstantSource.system());
        var environment = new HashMap<String, String>();
        environment.put("PORT", "0");
        environment.put("MANAGEMENT_PORT", "0");
        environment.put("METRICS_PORT", "0");
        environment.put("HOST", "127.0.0.1");
        environment.put("PUBLIC_URL", "http://localhost:8080");
        environment.put("SMTP_URL", "smtp://127.0.0.1");
        environment.put("MAIL_FROM", "relay@example.com");
        environment.put("KEYRING_FILE", keyring.toString());
        environment.put(
                "REGISTRY_FILE",
                Files.writeString(directory.resolve("registry.yaml"), REGISTRY).toString());
        environment.put(
                "DATABASE_URL",
                "postgres://postgres@127.0.0.1:" + address.port() + "/" + address.database());
        return environment;
    }
}
