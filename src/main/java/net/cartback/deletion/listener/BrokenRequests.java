package net.cartback.deletion.listener;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.web.ContentNegotiation;
import net.cartback.deletion.web.HtmlPage;
import net.cartback.deletion.web.Problems;
import net.cartback.deletion.web.Routes;
import net.cartback.deletion.web.SecurityHeaders;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Answers what is not even HTTP, or breaks a limit of it, and so never reaches a route: with the
 * same kind of answer as everything else.
 */
final class BrokenRequests implements Request.Handler {

    private static final Pattern LANGUAGE = Pattern.compile("(?:^|&)lang=([A-Za-z-]+)");
    private static final Set<String> READING = Set.of("GET", "HEAD");

    private final List<Routes> routes;

    BrokenRequests(List<Routes> routes) {
        this.routes = routes;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? 500 : response.getStatus();
        response.setStatus(status);
        SecurityHeaders.set(response);
        var page = page(request, status);
        if (page == null) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problems.CONTENT_TYPE);
        } else {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/html; charset=utf-8");
            response.getHeaders().put("Content-Security-Policy", page.contentSecurityPolicy());
            response.getHeaders().put(HttpHeader.CONTENT_LANGUAGE, page.language());
            response.getHeaders().put(HttpHeader.VARY, HtmlPage.VARY);
        }
        var body =
                page == null
                        ? Problems.body(
                                status, "bad-request", "This request cannot be served", null)
                        : page.html();
        response.write(true, ByteBuffer.wrap(body.getBytes(UTF_8)), callback);
        return true;
    }

    private @Nullable HtmlPage page(Request request, int status) {
        // Of an address that is too long, not even the method is known.
        boolean isTooLong = status == HttpStatus.URI_TOO_LONG_414;
        if (!isTooLong && !READING.contains(String.valueOf(request.getMethod()))) {
            return null;
        }
        // Of a header that is too long nothing is known: whoever opens a page is a person.
        boolean unknown = request.getHeaders().size() == 0;
        if (!unknown
                && !ContentNegotiation.isForPage(request.getHeaders().get(HttpHeader.ACCEPT))) {
            return null;
        }
        // Nor of an address that is too long; those that machines call are short.
        var path = isTooLong ? "/status" : String.valueOf(request.getHttpURI().getPath());
        if (unknown && !path.matches("/*(status(/.*)?)?")) {
            return null;
        }
        return routes.stream()
                .map(
                        each ->
                                each.pageOfBroken(
                                        path,
                                        status,
                                        chosen(request.getHttpURI().getQuery()),
                                        request.getHeaders().get(HttpHeader.ACCEPT_LANGUAGE)))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** The language that an address names which no router has read. */
    private static @Nullable String chosen(@Nullable String query) {
        var named = LANGUAGE.matcher(query == null ? "" : query);
        return named.find() ? named.group(1) : null;
    }
}
