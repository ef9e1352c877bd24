package net.cartback.deletion.intake;

import io.javalin.http.Context;

import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Refusals;

import java.util.Optional;

/** The app that an address names. */
final class CalledApp {

    private CalledApp() {}

    /**
     * The app of the path's {@code app_id}.
     *
     * @throws ProblemException 404 {@code unknown-app}
     */
    static MetaApp of(Registry registry, Context ctx) {
        var id = ctx.pathParam("app_id");
        var app =
                Optional.of(id)
                        .filter(MetaAppId::isValid)
                        .flatMap(valid -> registry.app(new MetaAppId(valid)))
                        .orElseThrow(
                                () ->
                                        ProblemException.of(
                                                        404,
                                                        "unknown-app",
                                                        "No app of this id is registered here")
                                                .hinting(
                                                        "does the address that Meta calls end in"
                                                                + " the id of a registered app?"));
        Refusals.concernsApp(ctx, app.id());
        return app;
    }

    /**
     * Lets an app pass that takes requests.
     *
     * @throws ProblemException 410 {@code retired-app}
     */
    static void requireNotRetired(MetaApp app) {
        if (app.retired()) {
            throw ProblemException.of(
                            410,
                            "retired-app",
                            "This app is retired: it takes no requests any more")
                    .hinting("does Meta still call an app that is retired in the registry?");
        }
    }
}
