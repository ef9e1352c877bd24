package net.cartback.deletion.dispatch;

import static java.net.HttpURLConnection.HTTP_PROXY_AUTH;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.DeliveryId;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.registry.ClientSystem;

import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;

import okio.BufferedSink;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import javax.net.ssl.SSLException;

/** Sends one delivery, signed (Standard Webhooks 1.0.0), and reads the reply. Thread-safe. */
final class Sender {

    private static final MediaType JSON = MediaType.get("application/json");

    /** An answer is far smaller; what is longer is a page that somebody's proxy made. */
    private static final int MAX_REPLY_BYTES = 64 * 1024;

    private static final int MAX_ADDRESSES = 1_000;

    /** What an attempt came to. */
    record Sent(Reply reply, Attempt attempt) {}

    private final GuardedClient client;
    private final Ledger ledger;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Supplier<String> publicUrl;
    private final Map<URI, HttpUrl> addresses = new ConcurrentHashMap<>();

    Sender(
            GuardedClient client,
            Ledger ledger,
            Keyring keyring,
            InstantSource clock,
            Supplier<String> publicUrl) {
        this.client = client;
        this.ledger = ledger;
        this.keyring = keyring;
        this.clock = clock;
        this.publicUrl = publicUrl;
    }

    Sent send(ClaimedDelivery delivery, @Nullable ClientSystem system) {
        var startedAt = clock.instant();
        long start = System.nanoTime();
        Integer status = null;
        var beginning = new byte[0];
        Reply reply;
        if (system == null) {
            reply = new Reply.SystemAtFault(ErrorClass.UNREGISTERED);
        } else if (system.activeSecrets(startedAt).isEmpty()) {
            // Nothing may go out that its receiver cannot tell from a forgery.
            reply = new Reply.SystemAtFault(ErrorClass.NO_SECRET);
        } else {
            try (var response =
                    client.execute(request(delivery, system), system.tls(), system.timeout())) {
                if (ReplyTable.isStatus(response.code())) {
                    status = response.code();
                    var source = response.body().source();
                    // True if there is more than we are willing to read.
                    boolean tooLong = source.request(MAX_REPLY_BYTES + 1L);
                    beginning =
                            source.peek()
                                    .readByteArray(
                                            Math.min(
                                                    source.getBuffer().size(), Attempt.MAX_ANSWER));
                    reply =
                            ReplyTable.read(
                                    delivery.kind(),
                                    system,
                                    status,
                                    tooLong ? null : source.readByteArray(),
                                    response.header(GuardedClient.RETRY_AFTER),
                                    clock.instant());
                } else {
                    reply = new Reply.TryAgain(ErrorClass.MALFORMED);
                }
            } catch (GuardedClient.ProxyAsked e) {
                status = HTTP_PROXY_AUTH;
                reply =
                        ReplyTable.read(
                                delivery.kind(),
                                system,
                                status,
                                new byte[0],
                                null,
                                clock.instant());
            } catch (SealBroken e) {
                reply = new Reply.DeliveryAtFault(ErrorClass.SUBJECT_UNREADABLE);
            } catch (IOException e) {
                reply = failure(e, status != null);
            } catch (IllegalStateException e) {
                // How the client says that a status line holds no status.
                reply = new Reply.TryAgain(ErrorClass.MALFORMED);
            }
        }
        var duration = Duration.ofNanos(System.nanoTime() - start);
        return new Sent(
                reply,
                new Attempt(
                        startedAt, duration, reply.replyClass(), reply.error(), status, beginning));
    }

    /** Read once: to check and to encode an address anew for each delivery is work for nothing. */
    private HttpUrl address(URI url) {
        if (addresses.size() > MAX_ADDRESSES) {
            addresses.clear();
        }
        return addresses.computeIfAbsent(url, each -> HttpUrl.get(each.toString()));
    }

    private Request request(ClaimedDelivery delivery, ClientSystem system) {
        return request(
                delivery.id().toString(),
                DeliveryMessage.of(delivery, ledger.subjectOf(delivery), publicUrl.get(), false),
                system);
    }

    /** A test delivery, which concerns nobody. */
    Request test(UUID id, ClientSystem system) {
        return request(
                id.toString(),
                DeliveryMessage.test(new DeliveryId(id), clock.instant(), publicUrl.get()),
                system);
    }

    private Request request(String id, byte[] body, ClientSystem system) {
        var now = clock.instant();
        return new Request.Builder()
                .url(address(system.url()))
                .header("webhook-id", id)
                .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                .header(
                        "webhook-signature",
                        StandardWebhooks.sign(id, now, body, system.activeSecrets(now), keyring))
                .header("User-Agent", "DeletionRelay")
                .header("Accept", "application/json")
                // Asking for no compression keeps the bound on the body a bound on the work.
                .header("Accept-Encoding", "identity")
                .post(new OnceOnly(body))
                .build();
    }

    /** The client must not send it again by itself, as it would after 421 (RFC 9110, 15.5.20). */
    private static final class OnceOnly extends RequestBody {

        private final byte[] content;

        OnceOnly(byte[] content) {
            this.content = content;
        }

        @Override
        public MediaType contentType() {
            return JSON;
        }

        @Override
        public long contentLength() {
            return content.length;
        }

        @Override
        public boolean isOneShot() {
            return true;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            sink.write(content);
        }
    }

    private static Reply failure(IOException e, boolean replying) {
        return switch (e) {
            case GuardedClient.AddressRefused refused ->
                    new Reply.SystemAtFault(ErrorClass.ADDRESS);
            case UnknownHostException unknown -> new Reply.SystemAtFault(ErrorClass.DNS);
            case SSLException tls -> new Reply.SystemAtFault(ErrorClass.TLS);
            case SocketTimeoutException timeout -> new Reply.TryAgain(ErrorClass.TIMEOUT);
            case InterruptedIOException timeout -> new Reply.TryAgain(ErrorClass.TIMEOUT);
            case ConnectException refused -> new Reply.TryAgain(ErrorClass.CONNECT);
            case ProtocolException malformed -> new Reply.TryAgain(ErrorClass.MALFORMED);
            case NoRouteToHostException unreachable -> new Reply.TryAgain(ErrorClass.CONNECT);
            default -> new Reply.TryAgain(replying ? ErrorClass.BODY : ErrorClass.RESET);
        };
    }
}
