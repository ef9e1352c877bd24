package net.cartback.deletion.web;

import io.javalin.http.Context;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Reads bodies within a size and within a time: a body that trickles is cut off although each byte
 * is in time.
 *
 * <p>Stateless and thread-safe.
 */
public final class RequestBody {

    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

    /**
     * So much of a body that is too large is read and thrown away, so that its sender gets to read
     * the answer instead of a reset connection.
     */
    private static final int MAX_DISCARDED = 16 << 20;

    private RequestBody() {}

    /**
     * The whole body.
     *
     * @throws ProblemException 413 if it is larger than {@code maxBytes}, 408 if it takes longer
     *     than 10 s, 400 if it breaks off
     */
    public static byte[] read(Context ctx, int maxBytes) {
        long deadline = System.nanoTime() + TIME_LIMIT.toNanos();
        try (var in = ctx.bodyInputStream()) {
            // Before reading: a sender that waits for "100 Continue" is told no at once.
            if (ctx.req().getContentLengthLong() > maxBytes) {
                if (ctx.header("Expect") == null) {
                    discard(in, deadline);
                }
                throw tooLarge(maxBytes);
            }
            var body = new ByteArrayOutputStream(1024);
            var buffer = new byte[4096];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                body.write(buffer, 0, n);
                if (body.size() > maxBytes) {
                    discard(in, deadline);
                    throw tooLarge(maxBytes);
                }
                if (System.nanoTime() > deadline) {
                    throw tooSlow();
                }
            }
            return body.toByteArray();
        } catch (IOException e) {
            if (e.getCause() instanceof TimeoutException || e instanceof SocketTimeoutException) {
                throw tooSlow();
            }
            throw ProblemException.of(400, "incomplete-body", "The body broke off");
        }
    }

    private static void discard(InputStream in, long deadline) throws IOException {
        var buffer = new byte[16_384];
        int discarded = 0;
        for (int n = in.read(buffer);
                n >= 0 && discarded < MAX_DISCARDED && System.nanoTime() < deadline;
                n = in.read(buffer)) {
            discarded += n;
        }
    }

    private static ProblemException tooLarge(int maxBytes) {
        return ProblemException.of(
                413, "too-large", "The body must be at most " + maxBytes + " bytes");
    }

    private static ProblemException tooSlow() {
        return ProblemException.of(
                408,
                "too-slow",
                "The body must arrive within " + TIME_LIMIT.toSeconds() + " seconds");
    }
}
