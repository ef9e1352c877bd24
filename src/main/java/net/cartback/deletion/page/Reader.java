package net.cartback.deletion.page;

import io.javalin.http.Context;

/**
 * Who reads a page: in which language, and whether they chose it. A choice stands in the address
 * and goes on from page to page; nothing is stored.
 *
 * @param chosen whether the address names the language
 */
public record Reader(Language language, boolean chosen) {

    /** The query parameter that names the language. */
    public static final String PARAMETER = "lang";

    /** By {@code ?lang=}, else by {@code Accept-Language}, else English. */
    public static Reader of(Context ctx) {
        return Language.ofTag(ctx.queryParam(PARAMETER))
                .map(language -> new Reader(language, true))
                .orElseGet(
                        () -> new Reader(Language.ofHeader(ctx.header("Accept-Language")), false));
    }

    /** The words of the language. */
    public Words words() {
        return Words.of(language);
    }

    /** The path, with the choice of language if there is one. */
    public String to(String path) {
        return chosen ? path + "?" + PARAMETER + "=" + language.tag() : path;
    }
}
