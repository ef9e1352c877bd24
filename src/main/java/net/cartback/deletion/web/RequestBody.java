package net.cartback.deletion.web;

import io.javalin.http.Context;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Reads bodies within a size and within a time: a body that trickles or stalls is cut off, whatever
 * the connection's own limits are.
 */
public final class RequestBody {

    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

    /**
     * So much of a body that is too large is read and thrown away, so that its sender gets to read
     * the answer instead of a reset connection.
     */
    private static final int MAX_DISCARDED = 256 << 10;

    private static final String READ = "request-body";

    private RequestBody() {}

    /**
     * The whole body; it may be asked for again.
     *
     * @throws ProblemException 413 if it is larger than {@code maxBytes}, 408 if it takes longer
     *     than 10 s, 400 if it breaks off
     */
    public static byte[] read(Context ctx, int maxBytes) {
        byte[] known = ctx.attribute(READ);
        if (known == null) {
            known = readOnce(ctx, maxBytes);
            ctx.attribute(READ, known);
        }
        if (known.length > maxBytes) {
            throw tooLarge(maxBytes);
        }
        return known;
    }

    private static byte[] readOnce(Context ctx, int maxBytes) {
        // To open the body is to say "100 Continue" to who waits for it (RFC 9110, 10.1.1).
        if (ctx.req().getContentLengthLong() > maxBytes && ctx.header("Expect") != null) {
            throw tooLarge(maxBytes);
        }
        try (var alarm = new Alarm();
                var in = ctx.bodyInputStream()) {
            return read(ctx, in, maxBytes, alarm);
        } catch (IOException e) {
            throw ProblemException.of(400, "incomplete-body", "The body broke off");
        }
    }

    private static byte[] read(Context ctx, InputStream in, int maxBytes, Alarm alarm)
            throws IOException {
        try {
            if (ctx.req().getContentLengthLong() > maxBytes) {
                discard(in);
                throw tooLarge(maxBytes);
            }
            var body = in.readNBytes(maxBytes + 1);
            if (body.length > maxBytes) {
                discard(in);
                throw tooLarge(maxBytes);
            }
            return body;
        } catch (IOException e) {
            if (alarm.hasRung()
                    || e.getCause() instanceof TimeoutException
                    || e instanceof SocketTimeoutException) {
                throw tooSlow();
            }
            throw e;
        }
    }

    private static void discard(InputStream in) throws IOException {
        var buffer = new byte[16_384];
        int discarded = 0;
        for (int n = in.read(buffer); n >= 0 && discarded < MAX_DISCARDED; n = in.read(buffer)) {
            discarded += n;
        }
    }

    /** Interrupts the reader when the time is over: a read cannot be told how long to wait. */
    private static final class Alarm implements AutoCloseable {

        private static final ScheduledThreadPoolExecutor CLOCK = clock();

        private final Thread reader = Thread.currentThread();
        private final Future<?> pending =
                CLOCK.schedule(this::ring, TIME_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        private boolean rung;
        private boolean over;

        private synchronized void ring() {
            if (!over) {
                rung = true;
                reader.interrupt();
            }
        }

        synchronized boolean hasRung() {
            return rung;
        }

        @Override
        public synchronized void close() {
            over = true;
            var _ = pending.cancel(false);
            if (rung) {
                // It was meant for the read, which is over: nothing after it may be interrupted.
                var _ = Thread.interrupted();
            }
        }

        private static ScheduledThreadPoolExecutor clock() {
            var clock =
                    new ScheduledThreadPoolExecutor(
                            1, Thread.ofPlatform().name("body-limit").daemon().factory());
            clock.setRemoveOnCancelPolicy(true);
            return clock;
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
                "The body stalled, or took longer than " + TIME_LIMIT.toSeconds() + " seconds");
    }
}
