package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.util.Set;

/**
 * Refuses what a page of another site makes a browser send (cross-site request forgery). Browsers
 * say where a request comes from in {@code Sec-Fetch-Site} (W3C, Fetch Metadata), older ones in
 * {@code Origin} (RFC 6454); who sends neither is no browser. Reading is never refused. Stateless.
 */
public final class CrossSite {

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    /** The page itself, or nobody: a bookmark, a typed address. */
    private static final Set<String> OWN = Set.of("same-origin", "none");

    private CrossSite() {}

    /**
     * Lets a request pass that no other site has caused.
     *
     * @throws ProblemException 403 {@code cross-site}
     */
    public static void refuse(Context ctx) {
        if (!READING.contains(ctx.method().name()) && isForeign(ctx)) {
            throw ProblemException.of(
                    403,
                    "cross-site",
                    "A page of another site sent this request; nothing was changed");
        }
    }

    private static boolean isForeign(Context ctx) {
        var site = ctx.header("Sec-Fetch-Site");
        if (site != null) {
            return !OWN.contains(site);
        }
        var origin = ctx.header("Origin");
        return origin != null && !isOf(origin, ctx.header("Host"));
    }

    /** The server has no say in the scheme: a proxy in front of it speaks TLS. */
    private static boolean isOf(String origin, @Nullable String host) {
        try {
            return host != null && host.equalsIgnoreCase(URI.create(origin).getRawAuthority());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
