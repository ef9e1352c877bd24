package net.cartback.deletion.status;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.reading.Proofs;
import net.cartback.deletion.reading.Statuses;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.web.Brake;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.Preference;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.ProblemPage;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.time.Period;

/**
 * What the person sees: {@code GET /status/{code}} as a page or as JSON, and {@code GET /status}, a
 * field to enter a code; {@code GET /status/{code}/proof}, the same signed. An unknown, an expired
 * and a malformed code get one and the same answer.
 *
 * <p>Thread-safe.
 */
public final class StatusRoutes implements Routes {

    private final Statuses statuses;
    private final Proofs proofs;
    private final InstantSource clock;
    private final Brake brake;
    private final Period eraseAfter;
    private final Pages pages = new Pages();

    /**
     * @param brake slows down who guesses codes
     * @param eraseAfter how long after a request's end the relay erases what it knows of the person
     */
    public StatusRoutes(
            Statuses statuses, Proofs proofs, InstantSource clock, Brake brake, Period eraseAfter) {
        this.eraseAfter = eraseAfter;
        this.brake = brake;
        this.statuses = statuses;
        this.proofs = proofs;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.before("/status", this::preferPage);
        routes.before("/status/*", this::preferPage);
        // Who has only the host finds the field; balancers ask whether anybody is there.
        Routes.read(routes, "/", pages::enter);
        Routes.read(routes, "/status", this::enter);
        Routes.read(routes, "/status/{code}", this::show);
        Routes.read(routes, "/status/{code}/proof", this::prove);
    }

    @Override
    public @Nullable HtmlPage pageOfBroken(String path, int status) {
        return path.matches("/+status(/.*)?") ? pages.problem(status) : null;
    }

    /** Whatever goes wrong under this address is told in a page, to those who read pages. */
    private void preferPage(Context ctx) {
        if (Preference.isForPage(ctx.header("Accept"))
                && !Preference.isFor(ctx, "application/json", "text/html")) {
            ProblemPage.use(ctx, pages::problem);
        }
    }

    private void enter(Context ctx) {
        var code = ctx.queryParam("code");
        if (code == null || code.isBlank()) {
            pages.enter(ctx);
            return;
        }
        // What cannot be a code leads to the same 404 as an unknown one, and is not echoed.
        var target = ConfirmationCode.typed(code).map(ConfirmationCode::value).orElse("unknown");
        ctx.status(303).header("Location", "/status/" + target);
    }

    private void show(Context ctx) {
        boolean json = Preference.isFor(ctx, "application/json", "text/html");
        if (!json) {
            ProblemPage.use(ctx, pages::problem);
        }
        var code =
                ConfirmationCode.typed(ctx.pathParam("code"))
                        .orElseThrow(() -> brake.after(ctx, unknownCode()));
        var status = statuses.of(code).orElseThrow(() -> brake.after(ctx, unknownCode()));
        var now = clock.instant();
        if (json) {
            ctx.contentType("application/json").result(StatusJson.of(code, status, now).toString());
        } else {
            pages.status(ctx, PlainEnglish.page(code, status, now, eraseAfter));
        }
    }

    private void prove(Context ctx) {
        var proof =
                ConfirmationCode.typed(ctx.pathParam("code"))
                        .flatMap(proofs::of)
                        .orElseThrow(() -> brake.after(ctx, unknownCode()));
        ctx.contentType("application/jose").result(proof);
    }

    private static ProblemException unknownCode() {
        return ProblemException.of(
                404, "unknown-code", "No request is known under this confirmation code");
    }
}
