package net.cartback.deletion.intake;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.ledger.NewRequest;
import net.cartback.deletion.ledger.Recording;
import net.cartback.deletion.ledger.Subject;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.MetaAppId;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.web.Form;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Meta's data deletion callback, {@code POST /meta/{app_id}/data-deletion}: verify, record, answer.
 * It answers after the commit, and calls no client system.
 *
 * <p>Thread-safe.
 */
public final class IntakeRoutes implements Routes {

    private static final String PATH = "/meta/{app_id}/data-deletion";
    private static final String FIELD = "signed_request";
    private static final int MAX_BODY_BYTES = 16 * 1024;

    private static final String EXPLANATION =
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Data deletion callback</title>
            </head>
            <body>
            <main>
            <h1>Data deletion callback</h1>
            <p>Meta sends requests to delete a person's data to this address. Such a request is
            verified, recorded, and forwarded to every system that may hold that person's data.</p>
            <p>To ask for deletion, remove the app in the settings of your Meta account and choose
            to have your data deleted. If you have a confirmation code, you can
            <a href="/status">see how far your request is</a>.</p>
            </main>
            </body>
            </html>
            """;

    private final Registry registry;
    private final Ledger ledger;
    private final InstantSource clock;
    private final Supplier<String> publicUrl;
    private final Runnable newWork;
    private final MeterRegistry meters;

    /**
     * @param publicUrl base of the status URL, without a slash at its end; asked at each request;
     *     the Host header is never used
     * @param newWork told after each commit that created deliveries
     */
    public IntakeRoutes(
            Registry registry,
            Ledger ledger,
            InstantSource clock,
            Supplier<String> publicUrl,
            Runnable newWork,
            MeterRegistry meters) {
        this.registry = registry;
        this.ledger = ledger;
        this.clock = clock;
        this.publicUrl = publicUrl;
        this.newWork = newWork;
        this.meters = meters;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post(PATH, this::post);
        routes.get(PATH, this::explain);
        routes.head(PATH, this::explain);
    }

    private void explain(Context ctx) {
        app(ctx);
        ctx.contentType("text/html; charset=utf-8").result(EXPLANATION.getBytes(UTF_8));
    }

    private void post(Context ctx) {
        var app = app(ctx);
        var signedRequest = Form.field(ctx, FIELD, MAX_BODY_BYTES);
        if (signedRequest.isEmpty() || signedRequest.get().isEmpty()) {
            throw refused(app, "missing", "is required");
        }
        var verdict = SignedRequest.verify(signedRequest.get(), app.secrets(), clock.instant());
        var valid =
                switch (verdict) {
                    case SignedRequest.Verdict.Valid v -> v;
                    case SignedRequest.Verdict.Malformed(var rule) ->
                            throw refused(app, "malformed", rule);
                    case SignedRequest.Verdict.BadSignature() ->
                            throw refused(
                                    app,
                                    "bad-signature",
                                    "is not signed with a secret of this app");
                    case SignedRequest.Verdict.WrongAlgorithm() ->
                            throw refused(
                                    app, "wrong-algorithm", "must say the algorithm HMAC-SHA256");
                    case SignedRequest.Verdict.NoUser() ->
                            throw refused(app, "no-user", "must name a user_id other than 0");
                };
        var recording =
                ledger.record(
                        new NewRequest(
                                app.id(),
                                valid.platform() == null ? app.platform() : valid.platform(),
                                valid.secretId(),
                                new Subject(valid.userId()),
                                valid.issuedAt()));
        switch (recording) {
            case Recording.Created created -> {
                count(app, "created");
                newWork.run();
            }
            case Recording.Repeated repeated -> count(app, "repeated");
        }
        answer(ctx, recording.code().value());
    }

    private void answer(Context ctx, String code) {
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("url", publicUrl.get() + "/status/" + code)
                        .put("confirmation_code", code);
        ctx.contentType("application/json").result(json.toString());
    }

    private MetaApp app(Context ctx) {
        var id = ctx.pathParam("app_id");
        return Optional.of(id)
                .filter(MetaAppId::isValid)
                .flatMap(valid -> registry.app(new MetaAppId(valid)))
                .orElseThrow(
                        () ->
                                ProblemException.of(
                                        404,
                                        "unknown-app",
                                        "No app of this id is registered here"));
    }

    private ProblemException refused(MetaApp app, String type, String rule) {
        count(app, type);
        return ProblemException.withField(400, type, FIELD, FIELD + " " + rule);
    }

    private void count(MetaApp app, String verdict) {
        count(app.id().value(), verdict);
    }

    private void count(String app, String verdict) {
        meters.counter("relay.callbacks", "app", app, "verdict", verdict).increment();
    }
}
