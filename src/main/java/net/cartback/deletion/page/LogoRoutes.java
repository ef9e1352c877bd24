package net.cartback.deletion.page;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /logo/…}: the pictures of the brand, if it has any. */
public final class LogoRoutes implements Routes {

    /** A picture that is opened alone runs nothing, loads nothing, and reaches nothing. */
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

    private static final Logger log = LoggerFactory.getLogger(LogoRoutes.class);

    private final Brand brand;

    public LogoRoutes(PageShell shell) {
        this.brand = shell.brand();
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, "/logo/{file}", this::show);
        brand.leftOut()
                .forEach(
                        (field, names) ->
                                log.atWarn()
                                        .addKeyValue("field", field)
                                        .addKeyValue("left_out", String.join(", ", names))
                                        .log(
                                                "A logo is served without what does not draw, or"
                                                        + " leads elsewhere"));
    }

    private static ProblemException unknown() {
        return ProblemException.of(404, "not-found", "There is no such logo");
    }

    private void show(Context ctx) {
        var logo =
                brand.logos().stream()
                        .filter(each -> each.path().equals("/logo/" + ctx.pathParam("file")))
                        .findFirst()
                        .orElseThrow(LogoRoutes::unknown);
        ctx.contentType(logo.contentType())
                .header("Content-Security-Policy", POLICY)
                .header("Cache-Control", "public, max-age=31536000, immutable")
                .result(logo.content());
    }
}
