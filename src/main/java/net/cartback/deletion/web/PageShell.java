package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;

import io.javalin.http.Context;

import net.cartback.deletion.crypto.Digest;

import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/**
 * What every page for people has in common: the layout, the style, a content security policy that
 * permits this one style and nothing else, and what a page says when something went wrong.
 */
public final class PageShell {

    private static final String STYLE =
            """
            body{margin:0;font:1.0625rem/1.6 system-ui,sans-serif;color:#1d2733;background:#f5f6f8}
            main{max-width:40rem;margin:2rem auto;padding:2rem;background:#fff;border-radius:.75rem}
            h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}
            h2{font-size:1.1rem;margin:2rem 0 .5rem}
            dl{margin:0}
            dl div{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.4rem 0;border-top:1px solid #dde1e6}
            dt{flex:1 1 12rem;color:#4a5563}
            dd{flex:2 1 16rem;margin:0}
            code{font:1rem/1.6 ui-monospace,monospace;overflow-wrap:anywhere;user-select:all}
            label{display:block;margin-bottom:.25rem}
            input{box-sizing:border-box;width:100%;padding:.6rem;font:inherit;border:1px solid #6b7683;\
            border-radius:.4rem}
            button{margin-top:1rem;padding:.6rem 1.4rem;font:inherit;color:#fff;background:#14507f;\
            border:0;border-radius:.4rem}
            :focus-visible{outline:3px solid #e08a00;outline-offset:2px}
            @media (prefers-color-scheme:dark){body{color:#e4e8ed;background:#11161c}\
            main{background:#1b222b}dt{color:#aab4c0}dl div{border-color:#37414d}\
            a{color:#8fc7f5}input{color:inherit;background:#11161c}button{background:#8fc7f5;color:#11161c}}
            """;

    private static final String POLICY =
            "default-src 'none'; style-src 'sha256-"
                    + Base64.getEncoder().encodeToString(Digest.sha256(STYLE.getBytes(UTF_8)))
                    + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private final TemplateEngine templates = TemplateEngine.createPrecompiled(ContentType.Html);

    /**
     * A page from a template.
     *
     * @param parameters of the template, beside the words and the style
     */
    public HtmlPage page(String template, Words words, Map<String, Object> parameters) {
        var all = new HashMap<String, Object>(parameters);
        all.put("words", words);
        all.put("style", STYLE);
        var page = new StringOutput();
        templates.render(template, all, page);
        return new HtmlPage(page.toString(), POLICY);
    }

    /**
     * A page with a title, a text, and the way to the field for a code.
     *
     * @param message whose words have the keys {@code message.title} and {@code message.text}
     */
    public HtmlPage message(Words words, String message) {
        return page("message.jte", words, Map.of("message", message));
    }

    /** What went wrong, for whoever reads pages. */
    public HtmlPage problem(int status) {
        return message(
                Words.english(),
                switch (status) {
                    // A page that only shows leads back to the field.
                    case 404, 405 -> "not_found";
                    case 429, 500, 503 -> "later";
                    default -> "unreadable";
                });
    }

    /** Writes a page as an answer. */
    public static void show(Context ctx, int status, HtmlPage page) {
        ctx.status(status)
                .header("Content-Security-Policy", page.contentSecurityPolicy())
                .contentType("text/html; charset=utf-8")
                .result(page.html().getBytes(UTF_8));
    }

    /** From now on, whatever goes wrong with this request is told by a page. */
    public void tellProblemsByPage(Context ctx) {
        ProblemPage.use(ctx, (told, status) -> show(told, status, problem(status)));
    }
}
