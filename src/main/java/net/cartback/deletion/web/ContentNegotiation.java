package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.eclipse.jetty.http.QuotedQualityCSV;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Locale;

/** What a caller would rather have (RFC 9110, section 12.5.1). */
public final class ContentNegotiation {

    private ContentNegotiation() {}

    /** Whether the caller asks for this media type by name, and likes the usual one no better. */
    public static boolean isFor(Context ctx, String type, String usual) {
        return types(ctx.header("Accept")).stream()
                .filter(List.of(type, usual)::contains)
                .findFirst()
                .filter(type::equals)
                .isPresent();
    }

    /** Whether somebody who sends this header would read a page. */
    public static boolean isForPage(@Nullable String accept) {
        var types = types(accept);
        return types.contains("text/html") || types.contains("application/xhtml+xml");
    }

    /** The media types of an Accept header, the best first; what cannot be read wishes nothing. */
    private static List<String> types(@Nullable String accept) {
        if (accept == null) {
            return List.of();
        }
        var wanted = new QuotedQualityCSV();
        try {
            wanted.addValue(accept);
            return wanted.getValues().stream()
                    .map(each -> each.split(";", 2)[0].strip().toLowerCase(Locale.ROOT))
                    .toList();
        } catch (RuntimeException e) {
            // The server's reader says in this way that a quote or a parameter is broken.
            return List.of();
        }
    }
}
