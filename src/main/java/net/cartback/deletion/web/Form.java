package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;

import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.StreamSupport;

/**
 * One field of a form that was posted, as {@code application/x-www-form-urlencoded} or as {@code
 * multipart/form-data}, which is kept in memory.
 */
public final class Form {

    private static final int MAX_PARTS = 20;

    private Form() {}

    /**
     * The field's value; empty if the form has no such field.
     *
     * @throws ProblemException 400 if the form is malformed or has the field twice, 413 and 408 as
     *     {@link RequestBody#read}, 415 if the content is no form
     */
    public static Optional<String> field(Context ctx, String name, int maxBytes) {
        var body = RequestBody.read(ctx, maxBytes);
        var values = values(ctx.contentType(), body, name);
        if (values.size() > 1) {
            throw ProblemException.withField(
                    400, "malformed", name, name + " must stand once in the form");
        }
        return values.stream().findFirst();
    }

    private static List<String> values(@Nullable String contentType, byte[] body, String name) {
        var type =
                contentType == null
                        ? ""
                        : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        try {
            return switch (type) {
                case "application/x-www-form-urlencoded" -> urlEncoded(body, name);
                case "multipart/form-data" -> multipart(String.valueOf(contentType), body, name);
                default -> {
                    if (body.length == 0) {
                        yield List.of();
                    }
                    throw ProblemException.of(
                            415,
                            "unsupported-media-type",
                            "The body must be application/x-www-form-urlencoded or"
                                    + " multipart/form-data");
                }
            };
        } catch (IllegalArgumentException e) {
            throw ProblemException.of(400, "malformed", "The body is not a well-formed form");
        }
    }

    private static List<String> urlEncoded(byte[] body, String name) {
        var values = new ArrayList<String>();
        for (var pair : new String(body, ISO_8859_1).split("&", -1)) {
            int equals = pair.indexOf('=');
            var key = equals < 0 ? pair : pair.substring(0, equals);
            if (URLDecoder.decode(key, UTF_8).equals(name)) {
                values.add(equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), UTF_8));
            }
        }
        return values;
    }

    private static List<String> multipart(String contentType, byte[] body, String name) {
        var boundary = MultiPart.extractBoundary(contentType);
        if (boundary == null) {
            throw new IllegalArgumentException("No boundary");
        }
        var parser = new MultiPartFormData.Parser(boundary);
        parser.setMaxParts(MAX_PARTS);
        parser.setMaxLength(body.length);
        // Everything stays in memory: a person's id has no business on disk in the clear.
        parser.setMaxMemoryFileSize(body.length);
        parser.setMaxFileSize(body.length);
        parser.setUseFilesForPartsWithoutFileName(false);
        var parsed = new CompletableFuture<MultiPartFormData.Parts>();
        parser.parse(
                Content.Source.from(ByteBuffer.wrap(body)),
                Promise.Invocable.<MultiPartFormData.Parts>toPromise(parsed));
        try (var parts = parsed.join()) {
            // A part may lack a name altogether, which the parser's own look-up does not expect.
            return StreamSupport.stream(parts.spliterator(), false)
                    .filter(part -> name.equals(part.getName()))
                    .map(part -> part.getContentAsString(UTF_8))
                    .toList();
        } catch (CompletionException e) {
            throw new IllegalArgumentException("Not multipart", e);
        }
    }
}
