package net.cartback.deletion.intake;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;

import net.cartback.deletion.page.PageShell;
import net.cartback.deletion.page.Reader;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.Set;

/**
 * How to have data deleted, for who wants to ask: {@code GET /}, for all apps, {@code GET
 * /meta/{app_id}}, for one, and the addresses of its callbacks, for who opens them. Whatever else a
 * browser opens is told by a page, too.
 */
public final class InstructionRoutes implements Routes {

    /** The words for an address under which there is nothing. */
    private static final String MISSING = "page_missing";

    private static final Set<HandlerType> READING = Set.of(HandlerType.GET, HandlerType.HEAD);

    private final Registry registry;
    private final PageShell shell;

    public InstructionRoutes(Registry registry, PageShell shell) {
        this.registry = registry;
        this.shell = shell;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.before(this::preferPage);
        // Balancers ask here whether anybody is there.
        Routes.read(
                routes,
                "/",
                ctx -> show(ctx, InstructionPage.of(Reader.of(ctx).words(), shell.brand())));
        Routes.read(routes, "/meta/{app_id}", ctx -> explain(ctx, null));
        Routes.read(routes, IntakeRoutes.DELETION, ctx -> explain(ctx, null));
        Routes.read(routes, IntakeRoutes.DEAUTHORIZATION, ctx -> explain(ctx, "ask.access"));
    }

    @Override
    public @Nullable HtmlPage pageOfBroken(
            String path, int status, @Nullable String chosen, @Nullable String acceptLanguage) {
        return shell.problem(Reader.of(chosen, acceptLanguage, "/status"), status, MISSING);
    }

    private void preferPage(Context ctx) {
        if (READING.contains(ctx.method())) {
            shell.preferPage(ctx, MISSING);
        }
    }

    private void explain(Context ctx, @Nullable String first) {
        var app = CalledApp.of(registry, ctx);
        CalledApp.requireNotRetired(app);
        show(ctx, InstructionPage.of(Reader.of(ctx).words(), shell.brand(), app, first));
    }

    private void show(Context ctx, InstructionPage page) {
        shell.page("ask.jte", Reader.of(ctx), Map.of("page", page)).show(ctx, 200);
    }
}
