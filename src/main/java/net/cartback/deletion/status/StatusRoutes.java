package net.cartback.deletion.status;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.web.ContentNegotiation;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.PageShell;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;
import net.cartback.deletion.web.Words;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.time.Period;
import java.util.Map;

/**
 * What the person sees: {@code GET /status/{code}} as a page or as JSON, and {@code GET /status}, a
 * field to enter a code; {@code GET /status/{code}/proof}, the same signed. An unknown, an expired
 * and a malformed code get one and the same answer.
 */
public final class StatusRoutes implements Routes {

    private final Statuses statuses;
    private final Proofs proofs;
    private final InstantSource clock;
    private final GuessLimiter guesses;
    private final Period eraseAfter;
    private final PageShell shell;
    private final HtmlPage enter;

    /**
     * @param guesses slows down who guesses codes
     * @param eraseAfter how long after a request's end the relay erases what it knows of the person
     */
    public StatusRoutes(
            Statuses statuses,
            Proofs proofs,
            InstantSource clock,
            GuessLimiter guesses,
            Period eraseAfter,
            PageShell shell) {
        this.shell = shell;
        this.enter = shell.page("enter.jte", Words.english(), Map.of());
        this.eraseAfter = eraseAfter;
        this.guesses = guesses;
        this.statuses = statuses;
        this.proofs = proofs;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.before("/status", this::preferPage);
        routes.before("/status/*", this::preferPage);
        // Who has only the host finds the field; balancers ask whether anybody is there.
        Routes.read(routes, "/", this::showField);
        Routes.read(routes, "/status", this::enter);
        Routes.read(routes, "/status/{code}", this::show);
        Routes.read(routes, "/status/{code}/proof", this::prove);
    }

    @Override
    public @Nullable HtmlPage pageOfBroken(String path, int status) {
        return path.matches("/+status(/.*)?") ? shell.problem(status) : null;
    }

    /** Whatever goes wrong under this address is told in a page, to those who read pages. */
    private void preferPage(Context ctx) {
        if (ContentNegotiation.isForPage(ctx.header("Accept"))
                && !ContentNegotiation.isFor(ctx, "application/json", "text/html")) {
            shell.tellProblemsByPage(ctx);
        }
    }

    private void showField(Context ctx) {
        PageShell.show(ctx, 200, enter);
    }

    private void enter(Context ctx) {
        var code = ctx.queryParam("code");
        if (code == null || code.isBlank()) {
            showField(ctx);
            return;
        }
        // What cannot be a code leads to the same 404 as an unknown one, and is not echoed.
        var target = ConfirmationCode.typed(code).map(ConfirmationCode::value).orElse("unknown");
        ctx.status(303).header("Location", "/status/" + target);
    }

    private void show(Context ctx) {
        boolean json = ContentNegotiation.isFor(ctx, "application/json", "text/html");
        if (!json) {
            shell.tellProblemsByPage(ctx);
        }
        var code =
                ConfirmationCode.typed(ctx.pathParam("code"))
                        .orElseThrow(() -> guesses.after(ctx, unknownCode()));
        var status = statuses.of(code).orElseThrow(() -> guesses.after(ctx, unknownCode()));
        var now = clock.instant();
        if (json) {
            ctx.contentType("application/json").result(StatusJson.of(code, status, now).toString());
        } else {
            var words = Words.english();
            var page = new StatusSentences(words, status, now, eraseAfter).page(code);
            PageShell.show(ctx, 200, shell.page("status.jte", words, Map.of("page", page)));
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
