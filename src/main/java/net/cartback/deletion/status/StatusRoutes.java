package net.cartback.deletion.status;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.page.Reader;
import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;
import net.cartback.deletion.web.ContentNegotiation;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.Map;

/**
 * What the person sees: {@code GET /status/{code}} as a page or as JSON, and {@code GET /status}, a
 * field to enter a code; {@code GET /status/{code}/proof}, the same signed. An unknown, an expired
 * and a malformed code get one and the same answer.
 */
public final class StatusRoutes implements Routes {

    /** The words for a code that leads to nothing. */
    private static final String MISSING = "not_found";

    private final Statuses statuses;
    private final Proofs proofs;
    private final InstantSource clock;
    private final GuessLimiter guesses;
    private final RetentionPeriods periods;
    private final PublicUrl publicUrl;
    private final PageShell shell;

    /**
     * @param guesses slows down who guesses codes
     * @param periods how long after a request's end the relay erases what it knows of the person,
     *     and drops the rest
     */
    public StatusRoutes(
            Statuses statuses,
            Proofs proofs,
            InstantSource clock,
            GuessLimiter guesses,
            RetentionPeriods periods,
            PublicUrl publicUrl,
            PageShell shell) {
        this.shell = shell;
        this.periods = periods;
        this.publicUrl = publicUrl;
        this.guesses = guesses;
        this.statuses = statuses;
        this.proofs = proofs;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.before("/status", this::preferPage);
        routes.before("/status/*", this::preferPage);
        Routes.read(routes, "/status", this::enter);
        Routes.read(routes, "/status/{code}", this::show);
        Routes.read(routes, "/status/{code}/proof", this::prove);
    }

    @Override
    public @Nullable HtmlPage pageOfBroken(
            String path, int status, @Nullable String chosen, @Nullable String acceptLanguage) {
        return path.matches("/+status(/.*)?")
                ? shell.problem(Reader.of(chosen, acceptLanguage, "/status"), status, MISSING)
                : null;
    }

    private void preferPage(Context ctx) {
        shell.preferPage(ctx, MISSING);
    }

    private void showField(Context ctx) {
        shell.page("enter.jte", Reader.of(ctx), Map.of()).show(ctx, 200);
    }

    private void enter(Context ctx) {
        var code = ctx.queryParam("code");
        if (code == null || code.isBlank()) {
            showField(ctx);
            return;
        }
        // What cannot be a code leads to the same 404 as an unknown one, and is not echoed.
        var target = ConfirmationCode.typed(code).map(ConfirmationCode::value).orElse("unknown");
        ctx.status(303).header("Location", Reader.of(ctx).to("/status/" + target));
    }

    private void show(Context ctx) {
        boolean json = ContentNegotiation.isFor(ctx, "application/json", "text/html");
        if (!json) {
            shell.tellProblemsByPage(ctx, MISSING);
        }
        var code =
                ConfirmationCode.typed(ctx.pathParam("code"))
                        .orElseThrow(() -> guesses.after(ctx, unknownCode()));
        var status = statuses.of(code).orElseThrow(() -> guesses.after(ctx, unknownCode()));
        var now = clock.instant();
        if (json) {
            ctx.contentType("application/json")
                    .header("Vary", HtmlPage.VARY)
                    .result(StatusJson.of(code, status, now).toString());
        } else {
            var reader = Reader.of(ctx);
            var page =
                    new StatusContent(reader.words(), shell.brand(), status, now, periods)
                            .page(code, publicUrl);
            shell.page("status.jte", reader, Map.of("page", page)).show(ctx, 200);
        }
    }

    private void prove(Context ctx) {
        var proof =
                ConfirmationCode.typed(ctx.pathParam("code"))
                        .flatMap(proofs::of)
                        .orElseThrow(() -> guesses.after(ctx, unknownCode()));
        ctx.contentType("application/jose").result(proof);
    }

    private static ProblemException unknownCode() {
        return ProblemException.of(
                404, "unknown-code", "No request is known under this confirmation code");
    }
}
