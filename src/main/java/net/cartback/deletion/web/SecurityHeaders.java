package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.eclipse.jetty.server.Response;

import java.util.Map;

/** Headers that every answer carries. A page that needs more of the browser says so itself. */
public final class SecurityHeaders {

    private static final Map<String, String> HEADERS =
            Map.of(
                    "Cache-Control", "no-store",
                    "X-Content-Type-Options", "nosniff",
                    "Referrer-Policy", "no-referrer",
                    "X-Robots-Tag", "noindex, nofollow",
                    "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
                    "Cross-Origin-Opener-Policy", "same-origin",
                    "Strict-Transport-Security", "max-age=31536000");

    private SecurityHeaders() {}

    public static void set(Context ctx) {
        HEADERS.forEach(ctx::header);
    }

    /** For an answer that no route gives. */
    public static void set(Response response) {
        HEADERS.forEach((name, value) -> response.getHeaders().put(name, value));
    }
}
