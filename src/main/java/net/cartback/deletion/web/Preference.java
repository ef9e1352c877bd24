package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.eclipse.jetty.http.QuotedQualityCSV;

import java.util.List;

/** What a caller would rather have (RFC 9110, section 12.5.1). Stateless and thread-safe. */
public final class Preference {

    private Preference() {}

    /** Whether the caller asks for this media type by name, and likes the usual one no better. */
    public static boolean isFor(Context ctx, String type, String usual) {
        var accept = ctx.header("Accept");
        if (accept == null) {
            return false;
        }
        var wanted = new QuotedQualityCSV();
        wanted.addValue(accept);
        return wanted.getValues().stream()
                .map(each -> each.split(";", 2)[0].strip())
                .filter(List.of(type, usual)::contains)
                .findFirst()
                .filter(type::equals)
                .isPresent();
    }
}
