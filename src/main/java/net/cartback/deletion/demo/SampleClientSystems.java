package net.cartback.deletion.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.javalin.http.Context;

import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.RequestBody;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * Two client systems as a client would write them: they verify the signature, delete, and answer.
 * The CRM answers at once; the newsletter accepts and sends its receipt a few seconds later.
 */
final class SampleClientSystems implements AutoCloseable {

    private static final Duration LATER = Duration.ofSeconds(3);
    private static final int MAX_BODY_BYTES = 20_000;

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebhookSecret secret;
    private final Consumer<String> tell;
    private final HttpListener listener;

    SampleClientSystems(WebhookSecret secret, Consumer<String> tell) {
        this.secret = secret;
        this.tell = tell;
        this.listener =
                HttpListener.start(
                        "127.0.0.1",
                        0,
                        () -> true,
                        List.of(
                                routes -> {
                                    routes.post("/crm", this::answerAtOnce);
                                    routes.post("/newsletter", this::answerLater);
                                }));
    }

    String url(String system) {
        return "http://127.0.0.1:" + listener.port() + "/" + system;
    }

    private void answerAtOnce(Context ctx) throws IOException {
        var delivery = verified(ctx);
        tell.accept("crm         received delivery " + delivery.id() + ", and answers: deleted");
        ctx.contentType("application/json").result("{\"outcome\":\"deleted\"}");
    }

    private void answerLater(Context ctx) throws IOException {
        var delivery = verified(ctx);
        tell.accept("newsletter  received delivery " + delivery.id() + ", and will answer later");
        ctx.status(202);
        Thread.ofVirtual().start(() -> sendReceipt(delivery));
    }

    private record Delivery(String id, URI receiptUrl) {}

    private Delivery verified(Context ctx) throws IOException {
        var body = RequestBody.read(ctx, MAX_BODY_BYTES);
        var verdict =
                StandardWebhooks.verify(
                        ctx.header("webhook-id"),
                        ctx.header("webhook-timestamp"),
                        ctx.header("webhook-signature"),
                        body,
                        List.of(secret),
                        Instant.now());
        if (verdict != StandardWebhooks.Verdict.VALID) {
            throw ProblemException.of(401, "bad-signature", "This is not from the relay");
        }
        var data = json.readTree(body).get("data");
        return new Delivery(
                data.get("delivery_id").textValue(),
                URI.create(data.get("receipt_url").textValue()));
    }

    private void sendReceipt(Delivery delivery) {
        var body =
                """
                {"outcome": "retained", "retained":
                 [{"category": "invoices", "ground": "legal_obligation", "until": "2032-12-31"}]}\
                """
                        .getBytes(UTF_8);
        try {
            Thread.sleep(LATER);
            var now = Instant.now();
            var reply =
                    http.send(
                            HttpRequest.newBuilder(delivery.receiptUrl())
                                    .timeout(Duration.ofSeconds(10))
                                    .header("Content-Type", "application/json")
                                    .header("webhook-id", delivery.id())
                                    .header(
                                            "webhook-timestamp",
                                            Long.toString(now.getEpochSecond()))
                                    .header(
                                            "webhook-signature",
                                            StandardWebhooks.sign(delivery.id(), now, body, secret))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
            tell.accept(
                    "newsletter  sent its receipt: deleted, but invoices are kept until 2032-12-31;"
                            + " the relay said "
                            + reply.statusCode());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            tell.accept("newsletter  could not send its receipt: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        listener.close();
        http.close();
    }
}
