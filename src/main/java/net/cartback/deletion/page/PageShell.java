package net.cartback.deletion.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;

import io.javalin.http.Context;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.web.ContentNegotiation;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.ProblemPage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/**
 * What every page for people has in common: the layout, the style, a content security policy that
 * permits this one style and nothing else, and what a page says when something went wrong.
 */
public final class PageShell {

    private static final String USUAL_STYLE = style();

    private final Brand brand;
    private final String style;
    private final String policy;
    private final TemplateEngine templates = TemplateEngine.createPrecompiled(ContentType.Html);

    /**
     * @param brand whose pages these are
     */
    public PageShell(Brand brand) {
        this.brand = brand;
        this.style = USUAL_STYLE + brand.css();
        this.policy =
                "default-src 'none'; style-src 'sha256-"
                        + Base64.getEncoder().encodeToString(Digest.sha256(style.getBytes(UTF_8)))
                        + (brand.logos().isEmpty() ? "'" : "'; img-src 'self'")
                        + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
                        + " require-trusted-types-for 'script'; trusted-types 'none'";
    }

    /** Whose pages these are. */
    public Brand brand() {
        return brand;
    }

    /**
     * A page from a template.
     *
     * @param parameters of the template, beside the reader, the words and the frame
     */
    public HtmlPage page(String template, Reader reader, Map<String, Object> parameters) {
        var all = new HashMap<String, Object>(parameters);
        all.put("reader", reader);
        all.put("words", reader.words());
        all.put("frame", new Frame(reader.words(), brand, style));
        var page = new StringOutput(16_384);
        templates.render(template, all, page);
        return new HtmlPage(page.toString(), policy, reader.language().tag());
    }

    /**
     * What went wrong, for whoever reads pages.
     *
     * @param missing which words tell that something is not there
     */
    public HtmlPage problem(Reader reader, int status, String missing) {
        return page(
                "problem.jte",
                reader,
                Map.of(
                        "problem",
                        switch (status) {
                            case 404 -> missing;
                            case 405 -> "page_missing";
                            case 410 -> "ended";
                            case 429, 500, 503 -> "later";
                            default -> "unreadable";
                        }));
    }

    /**
     * Whatever goes wrong with this request is told in a page, to those who read pages. The first
     * that says so decides.
     *
     * @param missing which words tell that something is not there
     */
    public void preferPage(Context ctx, String missing) {
        ctx.header("Vary", HtmlPage.VARY);
        if (ProblemPage.of(ctx).isEmpty()
                && ContentNegotiation.isForPage(ctx.header("Accept"))
                && !ContentNegotiation.isFor(ctx, "application/json", "text/html")) {
            tellProblemsByPage(ctx, missing);
        }
    }

    /**
     * From now on, whatever goes wrong with this request is told by a page.
     *
     * @param missing which words tell that something is not there
     */
    public void tellProblemsByPage(Context ctx, String missing) {
        ProblemPage.use(
                ctx,
                (told, status) -> problem(Reader.of(told), status, missing).show(told, status));
    }

    private static String style() {
        try (var file = PageShell.class.getResourceAsStream("/pages.css")) {
            if (file == null) {
                throw new IllegalStateException("There is no style for the pages");
            }
            // What is between braces and lines is for who writes the style.
            return new String(file.readAllBytes(), UTF_8)
                    .replaceAll("(?s)/\\*.*?\\*/", "")
                    .replaceAll("\\s*\\n\\s*", "");
        } catch (IOException e) {
            throw new UncheckedIOException("The style of the pages cannot be read", e);
        }
    }
}
