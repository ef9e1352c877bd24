package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MethodNotAllowedResponse;

import jakarta.servlet.http.HttpServletResponse;

import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Turns everything that goes wrong into problem+json (RFC 9457), or into a page for people, in this
 * one place.
 */
public final class Problems {

    public static final String CONTENT_TYPE = "application/problem+json";

    private static final Logger log = LoggerFactory.getLogger(Problems.class);
    private static final String TYPE_PREFIX = "urn:deletion-relay:problem:";
    private static final Duration DATABASE_RETRY = Duration.ofSeconds(5);

    private static final Map<Integer, String> TITLES =
            Map.ofEntries(
                    Map.entry(400, "Bad request"),
                    Map.entry(401, "Not authenticated"),
                    Map.entry(404, "Not found"),
                    Map.entry(405, "Method not allowed"),
                    Map.entry(408, "Too slow"),
                    Map.entry(409, "Conflict"),
                    Map.entry(413, "Too large"),
                    Map.entry(415, "Unsupported media type"),
                    Map.entry(500, "Internal error"),
                    Map.entry(403, "Not allowed"),
                    Map.entry(412, "Precondition failed"),
                    Map.entry(422, "Unprocessable content"),
                    Map.entry(428, "Precondition required"),
                    Map.entry(429, "Too many requests"),
                    Map.entry(503, "Not available now"));

    private static final Pattern METHOD = Pattern.compile("[A-Z]+");

    private Problems() {}

    public static void addTo(RoutesConfig routes) {
        var refusals = new Refusals();
        routes.exception(ProblemException.class, (e, ctx) -> refuse(ctx, e, refusals));
        routes.exception(
                DatabaseUnavailable.class,
                (e, ctx) ->
                        refuse(
                                ctx,
                                ProblemException.unavailable(
                                                "Nothing can be recorded or read now; please try"
                                                        + " again",
                                                DATABASE_RETRY)
                                        .hinting(e.whyRefused()),
                                refusals));
        routes.exception(
                MethodNotAllowedResponse.class,
                (e, ctx) -> {
                    allow(ctx, e);
                    write(
                            ctx,
                            ProblemException.of(
                                    405,
                                    "method-not-allowed",
                                    "This address does not take this method"));
                });
        routes.exception(
                HttpResponseException.class,
                (e, ctx) ->
                        write(
                                ctx,
                                e.getStatus() == 404
                                        ? ProblemException.of(
                                                404, "not-found", "There is nothing here")
                                        : ProblemException.of(
                                                e.getStatus(),
                                                "bad-request",
                                                "This request cannot be served")));
        routes.exception(
                Exception.class,
                (e, ctx) -> {
                    log.atError()
                            .addKeyValue(
                                    "route", ctx.endpoint() == null ? "none" : ctx.endpoint().path)
                            .setCause(e)
                            .log("A request failed unexpectedly; the cause needs a developer");
                    write(
                            ctx,
                            ProblemException.of(
                                    500,
                                    "internal",
                                    "The relay failed; the request is not at fault"));
                });
    }

    /** Not an exception, so no handler above is asked. */
    public static void write(HttpServletResponse response, Error e) {
        if (e instanceof VirtualMachineError && !(e instanceof StackOverflowError)) {
            var thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
        log.error("A request failed unexpectedly; the cause needs a developer", e);
        response.setStatus(500);
        response.setContentType(CONTENT_TYPE);
        try {
            response.getOutputStream()
                    .write(
                            body(
                                            500,
                                            "internal",
                                            "The relay failed; the request is not at fault",
                                            null)
                                    .getBytes(UTF_8));
        } catch (IOException gone) {
            log.debug("The caller has gone", gone);
        }
    }

    public static String body(ProblemException problem) {
        return body(problem.status(), problem.type(), problem.detail(), problem.field());
    }

    public static String body(int status, String type, String detail, @Nullable String field) {
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("type", TYPE_PREFIX + type)
                        .put("title", TITLES.getOrDefault(status, "Refused"))
                        .put("status", status)
                        .put("detail", detail);
        if (field != null) {
            json.put("field", field);
        }
        return json.toString();
    }

    /** What a person mistypes at a page is no fault of anything that operators set up. */
    private static void refuse(Context ctx, ProblemException problem, Refusals refusals) {
        if (ProblemPage.of(ctx).isEmpty()) {
            refusals.count(ctx, problem);
        }
        write(ctx, problem);
    }

    private static void write(Context ctx, ProblemException problem) {
        if (problem.retryAfter() != null) {
            ctx.header("Retry-After", Long.toString(problem.retryAfter().toSeconds()));
        }
        ProblemPage.of(ctx)
                .ifPresentOrElse(
                        page -> page.write(ctx, problem.status()),
                        () ->
                                ctx.status(problem.status())
                                        .contentType(CONTENT_TYPE)
                                        // The server takes a text of this type for ISO 8859-1.
                                        .result(body(problem).getBytes(UTF_8)));
    }

    private static void allow(Context ctx, MethodNotAllowedResponse e) {
        var methods = new TreeSet<String>();
        for (var listed : e.getDetails().values()) {
            METHOD.matcher(listed).results().forEach(found -> methods.add(found.group()));
        }
        ctx.header("Allow", String.join(", ", methods));
    }
}
