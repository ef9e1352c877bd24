package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;

/**
 * A page for people.
 *
 * @param contentSecurityPolicy what the page may load and do (W3C, Content Security Policy 3)
 * @param language of the page (BCP 47)
 */
public record HtmlPage(String html, String contentSecurityPolicy, String language) {

    /** On what the answer depends, for who keeps copies (RFC 9110, section 12.5.5). */
    public static final String VARY = "Accept, Accept-Language";

    /** Writes the page as an answer. */
    public void show(Context ctx, int status) {
        var body = html.getBytes(UTF_8);
        // Else whatever is longer than the server's buffer comes in chunks.
        ctx.res().setContentLength(body.length);
        ctx.status(status)
                .header("Content-Security-Policy", contentSecurityPolicy)
                .header("Content-Language", language)
                .header("Vary", VARY)
                .contentType("text/html; charset=utf-8")
                .result(body);
    }
}
