package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.PublicUrl;

import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;

import okio.BufferedSink;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Our own: a signed JSON message (Standard Webhooks 1.0.0), whose reply may be the answer. */
public final class WebhookProtocol implements Protocol {

    private static final MediaType JSON = MediaType.get("application/json");

    private static final int MAX_ADDRESSES = 1_000;

    private final Keyring keyring;
    private final InstantSource clock;
    private final PublicUrl publicUrl;
    private final Map<URI, HttpUrl> addresses = new ConcurrentHashMap<>();

    public WebhookProtocol(Keyring keyring, InstantSource clock, PublicUrl publicUrl) {
        this.keyring = keyring;
        this.clock = clock;
        this.publicUrl = publicUrl;
    }

    /** Nothing may go out that its receiver cannot tell from a forgery. */
    @Override
    public @Nullable ErrorClass obstacle(ClientSystem system) {
        return system.activeSecrets(clock.instant()).isEmpty() ? ErrorClass.NO_SECRET : null;
    }

    @Override
    public Request.Builder delivery(
            ClaimedDelivery delivery, Subject subject, ClientSystem system) {
        var body = DeliveryMessage.of(delivery, subject, system.accepts(), publicUrl, false);
        return request(delivery.id().toString(), body, body, system);
    }

    @Override
    public Request.Builder test(DeliveryId id, ClientSystem system) {
        var body = DeliveryMessage.test(id, clock.instant(), publicUrl, system);
        return request(id.toString(), body, body, system);
    }

    /** Its signature is well formed, and of other bytes. */
    @Override
    public Request.Builder forgery(ClientSystem system) {
        var id = UUID.randomUUID();
        var body = DeliveryMessage.test(new DeliveryId(id), clock.instant(), publicUrl, system);
        return request(id.toString(), body, new byte[0], system);
    }

    @Override
    public Reply read(Kind kind, ClientSystem system, HttpReply reply, Instant made) {
        return ReplyTable.read(kind, system, reply, made, clock.instant());
    }

    private Request.Builder request(String id, byte[] body, byte[] signed, ClientSystem system) {
        var now = clock.instant();
        return new Request.Builder()
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
                .post(new OnceOnly(body));
    }

    /** Read once: to check and to encode an address anew for each delivery is work for nothing. */
    private HttpUrl address(URI url) {
        if (addresses.size() > MAX_ADDRESSES) {
            addresses.clear();
        }
        return addresses.computeIfAbsent(url, each -> HttpUrl.get(each.toString()));
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
}
