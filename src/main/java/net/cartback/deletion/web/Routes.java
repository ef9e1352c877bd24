package net.cartback.deletion.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Handler;

import org.jspecify.annotations.Nullable;

/** Routes that a feature adds to a listener. */
@FunctionalInterface
public interface Routes {

    /** GET and HEAD (RFC 9110, section 9.3.2): the same answer, with and without its content. */
    static void read(RoutesConfig routes, String path, Handler handler) {
        routes.get(path, handler);
        routes.head(path, handler);
    }

    /**
     * What a person sees whose request is so broken that it reaches no route.
     *
     * @param path as it was sent, without its query
     * @param chosen the language that the address names; null: none
     * @param acceptLanguage which languages the browser likes; null: it says nothing
     * @return null: not of these routes, or told as problem+json
     */
    default @Nullable HtmlPage pageOfBroken(
            String path, int status, @Nullable String chosen, @Nullable String acceptLanguage) {
        return null;
    }

    /** Registers the routes; called once, before the listener starts. */
    void addTo(RoutesConfig routes);
}
