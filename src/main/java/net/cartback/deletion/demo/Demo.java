package net.cartback.deletion.demo;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.intake.SampleSignedRequest;
import net.cartback.deletion.registry.AppSecret;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A deletion to watch: sample systems, a registry that names them, one callback signed as Meta
 * signs it and sent over HTTP, and a few lines on what happens. Not for use by several threads.
 */
public final class Demo implements AutoCloseable {

    /** Nobody's: Meta's own ids do not begin with zeros. */
    private static final String APP_ID = "0000000000000001";

    /** The ids of everything that a demo registers. */
    public static final Set<String> IDS = Set.of(APP_ID, "demo-crm", "demo-newsletter");

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SecureRandom random = new SecureRandom();
    private final HttpClient http = HttpClient.newHttpClient();
    private final String appSecret;
    private final String webhookSecret;
    private final Consumer<String> tell;
    private final SampleClientSystems systems;

    /**
     * @param appSecret of the sample app, new for each demo
     * @param tell takes the lines of the story
     */
    public Demo(String appSecret, Consumer<String> tell) {
        var bytes = new byte[32];
        random.nextBytes(bytes);
        this.appSecret = appSecret;
        this.webhookSecret = "whsec_" + Base64.getEncoder().encodeToString(bytes);
        this.tell = tell;
        this.systems = new SampleClientSystems(WebhookSecret.parse(webhookSecret), tell);
    }

    /** The sample app and its systems, as a registry file. */
    public String registry() {
        return """
        systems:
          - id: demo-crm
            name: Sample CRM
            public_name: Customer records
            url: %s
            secrets: [{value: %s}]
          - id: demo-newsletter
            name: Sample newsletter
            public_name: Newsletter
            url: %s
            secrets: [{value: %s}]
        apps:
          - id: "%s"
            name: Sample Shop
            secrets: [{label: facebook, value: "%s"}]
            systems: [demo-crm, demo-newsletter]
        """
                .formatted(
                        systems.url("crm"),
                        webhookSecret,
                        systems.url("newsletter"),
                        webhookSecret,
                        APP_ID,
                        appSecret);
    }

    /** Sends one callback, waits until it is done, and says what to try next. */
    public void play(String publicUrl, String relay, String management) {
        var callback = relay + "/meta/" + APP_ID + "/data-deletion";
        try {
            tell.accept("Deletion Relay, to try on this machine. Ctrl-C ends it; its data stays.");
            tell.accept("");
            tell.accept("meta        sends a signed deletion callback to " + callback);
            var reply = post(callback, signedRequest());
            tell.accept("relay       recorded it and answers " + reply);
            var code = new ObjectMapper().readTree(reply).get("confirmation_code").textValue();
            awaitCompletion(relay + "/status/" + code);
            tell.accept("");
            tell.accept("Now try:");
            tell.accept("  the person's page       " + publicUrl + "/status/" + code);
            tell.accept("  the relay's readiness   " + management + "/health/ready");
            tell.accept("  the relay's metrics     " + management + "/metrics");
            tell.accept(
                    "  another callback        curl -d 'signed_request="
                            + signedRequest()
                            + "' "
                            + callback);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            tell.accept("The callback failed: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        systems.close();
        http.close();
    }

    private void awaitCompletion(String status) throws IOException, InterruptedException {
        var deadline = Instant.now().plus(PATIENCE);
        while (Instant.now().isBefore(deadline)) {
            var json =
                    http.send(
                                    request(status).header("Accept", "application/json").build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body();
            if ("completed".equals(new ObjectMapper().readTree(json).path("state").textValue())) {
                tell.accept("person      can now read: " + json);
                return;
            }
            Thread.sleep(100);
        }
        tell.accept("The request is still not completed after " + PATIENCE.toSeconds() + " s.");
    }

    private String signedRequest() {
        var user = Long.toString(10_000_000_000_000_000L + random.nextLong(9_000_000_000_000_000L));
        return SampleSignedRequest.of(
                user, Instant.now(), new AppSecret(new UUID(0, 0), null, appSecret, null));
    }

    private String post(String url, String signedRequest) throws IOException, InterruptedException {
        var form = "signed_request=" + URLEncoder.encode(signedRequest, StandardCharsets.UTF_8);
        return http.send(
                        request(url)
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(HttpRequest.BodyPublishers.ofString(form))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE);
    }
}
