package net.cartback.deletion.page;

import io.javalin.http.Context;

import net.cartback.deletion.language.Language;

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
        return of(ctx.queryParam(PARAMETER), ctx.header("Accept-Language"), "");
    }

    /**
     * By what the address names, else by what a browser likes, else English.
     *
     * @param chosen null: the address names nothing
     * @param acceptLanguage null: the browser says nothing
     * @param here where the page is to be had in another language; empty: under its own address
     */
    public static Reader of(@Nullable String chosen, @Nullable String acceptLanguage, String here) {
        return Language.ofTag(chosen)
                .map(language -> new Reader(Words.of(language), true, here))
                .orElseGet(
                        () -> new Reader(Words.of(Language.ofHeader(acceptLanguage)), false, here));
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
