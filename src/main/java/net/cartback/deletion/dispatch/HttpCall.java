package net.cartback.deletion.dispatch;

import static java.net.HttpURLConnection.HTTP_PROXY_AUTH;

import net.cartback.deletion.dispatch.protocol.HttpReply;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.dispatch.protocol.ReplyTable;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;

import okhttp3.Headers;
import okhttp3.Request;
import okhttp3.Response;

import okio.Buffer;
import okio.GzipSource;
import okio.Okio;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.regex.Pattern;

import javax.net.ssl.SSLException;

/** Makes the HTTP call of one attempt, and says what came of it. */
final class HttpCall {

    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

    /** An answer is far smaller; a longer body is a page from a proxy. */
    private static final int MAX_BODY_BYTES = 64 * 1024;

    /** How the client says that a body is shorter than its headers told. */
    private static final String BROKEN_OFF = "unexpected end of stream";

    private static final int MISDIRECTED_REQUEST = 421;

    /** What came of a call. */
    sealed interface Outcome {

        /** There was a reply. */
        record Replied(HttpReply reply) implements Outcome {}

        /** There was none, or none to its end. */
        record Failed(Reply reply, IOException cause) implements Outcome {}
    }

    private final GuardedClient client;

    HttpCall(GuardedClient client) {
        this.client = client;
    }

    /**
     * Makes a call, which succeeds or fails within the system's time limit. The call is repeated at
     * once over a new connection if the first call was lost before it was read: the other side had
     * closed the kept connection, or the connection led to the wrong server (421, RFC 9110, section
     * 15.5.20). The delivery's id makes the repeat harmless.
     */
    Outcome make(Request request, ClientSystem system, CallWatch watch) {
        long start = System.nanoTime();
        try {
            try (var response = client.execute(request, system.tls(), system.timeout(), watch)) {
                if (response.code() != MISDIRECTED_REQUEST) {
                    return new Outcome.Replied(read(response, watch));
                }
            }
        } catch (IOException e) {
            if (!wasLostOnKeptConnection(e, watch)) {
                return failed(e, watch);
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            return noHttp(e, watch);
        }
        return makeAlone(request, system, watch, start, true);
    }

    /** As {@link #make}, over a connection of its own from the beginning. */
    Outcome makeAlone(Request request, ClientSystem system, CallWatch watch) {
        return makeAlone(request, system, watch, System.nanoTime(), false);
    }

    private Outcome makeAlone(
            Request request, ClientSystem system, CallWatch watch, long start, boolean again) {
        watch.reset();
        var left = system.timeout().minusNanos(System.nanoTime() - start);
        var limit = left.compareTo(Duration.ofMillis(1)) < 0 ? Duration.ofMillis(1) : left;
        try (var response = client.executeAlone(request, system.tls(), limit, watch)) {
            return new Outcome.Replied(read(response, watch));
        } catch (IOException e) {
            if (again && e instanceof InterruptedIOException && !watch.isSending()) {
                // The first one went out, so this is a try, though no time was left for another.
                return new Outcome.Failed(new Reply.TryAgain(ErrorClass.RESET), e);
            }
            return failed(e, watch);
        } catch (IllegalArgumentException | IllegalStateException e) {
            return noHttp(e, watch);
        }
    }

    /** So the client says that a status or a length is negative. */
    private static Outcome noHttp(RuntimeException e, CallWatch watch) {
        return failed((IOException) new ProtocolException("No HTTP").initCause(e), watch);
    }

    private static boolean wasLostOnKeptConnection(IOException e, CallWatch watch) {
        return watch.isOverKeptConnection()
                && watch.head() == null
                && !(e instanceof InterruptedIOException)
                && !(e instanceof ProtocolException);
    }

    private static HttpReply read(Response response, CallWatch watch) throws IOException {
        int status = response.code();
        if (!ReplyTable.isStatus(status)) {
            throw new ProtocolException("The status line holds no status");
        }
        return new HttpReply(status, response.headers(), body(response), watch.retryAfter());
    }

    private static HttpReply.Body body(Response response) throws IOException {
        var source = response.body().source();
        boolean tooLong;
        try {
            tooLong = source.request(MAX_BODY_BYTES + 1L);
        } catch (ProtocolException e) {
            if (BROKEN_OFF.equals(e.getMessage())) {
                throw new EOFException("The connection broke within the body");
            }
            // It does not say where it ends, but its status is one all the same.
            return new HttpReply.Body.Beginning(source.getBuffer().readByteArray());
        }
        var bytes = source.getBuffer();
        if (isContradictory(response)) {
            return new HttpReply.Body.Beginning(beginning(bytes));
        }
        if (bytes.exhausted()) {
            return new HttpReply.Body.Whole(new byte[0]);
        }
        var framing = response.header("Transfer-Encoding");
        if (framing != null && !framing.strip().equalsIgnoreCase("chunked")) {
            return new HttpReply.Body.Encoded(beginning(bytes));
        }
        var encoding = String.join(",", response.headers("Content-Encoding")).strip();
        if (encoding.isEmpty() || encoding.equalsIgnoreCase("identity")) {
            return body(bytes, tooLong);
        }
        boolean isGzip = encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip");
        return isGzip && !tooLong ? unpacked(bytes) : new HttpReply.Body.Encoded(beginning(bytes));
    }

    /**
     * Where headers disagree on where the body ends, two readers see two bodies (RFC 9112, section
     * 6.3): then what was read is not all there may be.
     */
    private static boolean isContradictory(Response response) {
        var lengths = response.headers("Content-Length");
        return lengths.size() > 1
                || lengths.stream().anyMatch(each -> !LENGTH.matcher(each.strip()).matches())
                || (!lengths.isEmpty() && response.header("Transfer-Encoding") != null)
                || response.headers("Transfer-Encoding").size() > 1;
    }

    private static HttpReply.Body body(Buffer bytes, boolean tooLong) throws IOException {
        return tooLong
                ? new HttpReply.Body.Beginning(beginning(bytes))
                : new HttpReply.Body.Whole(bytes.readByteArray());
    }

    /** RFC 1952, within the same bound. */
    private static HttpReply.Body unpacked(Buffer packed) throws IOException {
        var raw = packed.clone();
        try (var source = Okio.buffer(new GzipSource(packed))) {
            boolean tooLong = source.request(MAX_BODY_BYTES + 1L);
            return body(source.getBuffer(), tooLong);
        } catch (IOException e) {
            return new HttpReply.Body.Encoded(beginning(raw));
        }
    }

    private static byte[] beginning(Buffer bytes) throws IOException {
        return bytes.readByteArray(Math.min(bytes.size(), MAX_BODY_BYTES));
    }

    private static Outcome failed(IOException e, CallWatch watch) {
        if (e instanceof GuardedClient.ProxyAsked) {
            return new Outcome.Replied(HttpReply.bare(HTTP_PROXY_AUTH));
        }
        var head = watch.head();
        if (e instanceof ProtocolException && head != null && ReplyTable.isStatus(head.code())) {
            // A status and headers that contradict each other, such as 204 with a length.
            return new Outcome.Replied(
                    new HttpReply(
                            head.code(),
                            Headers.of(),
                            new HttpReply.Body.Beginning(new byte[0]),
                            watch.retryAfter()));
        }
        return new Outcome.Failed(failure(e, watch), e);
    }

    private static Reply failure(IOException e, CallWatch watch) {
        if (e instanceof GuardedClient.AddressRefused) {
            return new Reply.SystemAtFault(ErrorClass.ADDRESS);
        }
        if (e instanceof UnknownHostException) {
            return new Reply.SystemAtFault(ErrorClass.DNS);
        }
        if (!watch.isSending()) {
            return e instanceof SSLException
                    ? new Reply.SystemAtFault(ErrorClass.TLS)
                    : new Reply.TryAgain(ErrorClass.CONNECT);
        }
        if (e instanceof InterruptedIOException) {
            return new Reply.TryAgain(ErrorClass.TIMEOUT);
        }
        if (e instanceof ProtocolException) {
            return new Reply.TryAgain(ErrorClass.MALFORMED);
        }
        return new Reply.TryAgain(watch.head() == null ? ErrorClass.RESET : ErrorClass.BODY);
    }
}
