package net.cartback.deletion.page;

import io.javalin.http.Context;

import org.jspecify.annotations.Nullable;

/**
 * Who reads a page: in which words, and whether they chose the language. A choice stands in the
 * address and goes on from page to page; nothing is stored.
 *
 * @param chosen whether the address names the language
 * @param here where the page is to be had in another language; empty: under its own address
 */
public record Reader(Words words, boolean chosen, String here) {

    /** The query parameter that names the language. */
    public static final String PARAMETER = "lang";

    /** By {@code ?lang=}, else by {@code Accept-Language}, else English. */
    public static Reader of(Context ctx) {
        return Language.ofTag(ctx.queryParam(PARAMETER))
                .map(language -> new Reader(Words.of(language), true, ""))
                .orElseGet(() -> liking(ctx.header("Accept-Language"), ""));
    }

    /**
     * By what a browser likes.
     *
     * @param acceptLanguage null: it says nothing
     * @param here where the page is to be had in another language; empty: under its own address
     */
    public static Reader liking(@Nullable String acceptLanguage, String here) {
        return new Reader(Words.of(Language.ofHeader(acceptLanguage)), false, here);
    }

    /** The language of the words. */
    public Language language() {
        return words.language();
    }

    /** The path, with the choice of language if there is one. */
    public String to(String path) {
        return chosen ? path + "?" + PARAMETER + "=" + language().tag() : path;
    }
}
