package net.cartback.deletion.web;

import io.javalin.http.Context;

/** Headers that every answer carries. A page that needs more of the browser says so itself. */
final class SecurityHeaders {

    private SecurityHeaders() {}

    static void set(Context ctx) {
        ctx.header("Cache-Control", "no-store");
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
        ctx.header("X-Robots-Tag", "noindex, nofollow");
        ctx.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        ctx.header("Cross-Origin-Opener-Policy", "same-origin");
        ctx.header("Strict-Transport-Security", "max-age=31536000");
    }
}
