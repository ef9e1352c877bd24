package net.cartback.deletion.dispatch;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.terms.DeliveryId;

import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;

import okio.BufferedSink;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Sends one delivery, signed (Standard Webhooks 1.0.0), and reads the reply. Thread-safe. */
final class Sender {

    private static final MediaType JSON = MediaType.get("application/json");

    private static final int MAX_ADDRESSES = 1_000;

    /** What an attempt came to. */
    record Sent(Reply reply, Attempt attempt) {}

    private final HttpCall http;
    private final SubjectSeal subjects;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Supplier<String> publicUrl;
    private final Map<URI, HttpUrl> addresses = new ConcurrentHashMap<>();

    Sender(
            HttpCall http,
            SubjectSeal subjects,
            Keyring keyring,
            InstantSource clock,
            Supplier<String> publicUrl) {
        this.http = http;
        this.subjects = subjects;
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
            try {
                var watch = new CallWatch();
                var request = request(delivery, system, watch);
                switch (http.make(request, system, watch)) {
                    case HttpCall.Outcome.Replied(var came) -> {
                        status = came.status();
                        beginning = beginning(came.body().bytes());
                        reply =
                                ReplyTable.read(
                                        delivery.kind(),
                                        system,
                                        came,
                                        delivery.id().madeAt(),
                                        clock.instant());
                    }
                    case HttpCall.Outcome.Failed(var failed, var cause) -> reply = failed;
                }
            } catch (SealBroken e) {
                reply =
                        e.isKeyMissing()
                                ? new Reply.NotSent(ErrorClass.KEY_MISSING)
                                : new Reply.DeliveryAtFault(ErrorClass.SUBJECT_UNREADABLE);
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

    private Request request(ClaimedDelivery delivery, ClientSystem system, CallWatch watch) {
        return request(
                delivery.id().toString(),
                DeliveryMessage.of(delivery, subjects.open(delivery), publicUrl.get(), false),
                system,
                watch);
    }

    /** A test delivery, which concerns nobody. */
    Request test(UUID id, ClientSystem system) {
        return request(
                id.toString(),
                DeliveryMessage.test(new DeliveryId(id), clock.instant(), publicUrl.get()),
                system,
                null);
    }

    /** Another one, whose signature is well formed and of other bytes. */
    Request forgedTest(ClientSystem system) {
        var id = UUID.randomUUID();
        var body = DeliveryMessage.test(new DeliveryId(id), clock.instant(), publicUrl.get());
        return request(id.toString(), body, new byte[0], system, null);
    }

    private Request request(
            String id, byte[] body, ClientSystem system, @Nullable CallWatch watch) {
        return request(id, body, body, system, watch);
    }

    private Request request(
            String id, byte[] body, byte[] signed, ClientSystem system, @Nullable CallWatch watch) {
        var now = clock.instant();
        return new Request.Builder()
                .tag(CallWatch.class, watch)
                .url(address(system.url()))
                .header("webhook-id", id)
                .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                .header(
                        "webhook-signature",
                        StandardWebhooks.sign(id, now, signed, system.activeSecrets(now), keyring))
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

    private static byte[] beginning(byte[] body) {
        return Arrays.copyOf(body, Math.min(body.length, Attempt.MAX_ANSWER));
    }
}
