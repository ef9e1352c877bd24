package net.cartback.deletion.dispatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;

import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Subject;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * The body of a delivery, the same bytes on every attempt: {@code deletion.requested}, or {@code
 * deauthorization.received}, which has no due date and nowhere to answer to.
 */
final class DeliveryMessage {

    private static final int EXPECTED_BYTES = 700;
    private static final JsonFactory JSON = new JsonFactory();

    private DeliveryMessage() {}

    /** What a test sends: like any other, of an app and a person that do not exist. */
    static byte[] test(DeliveryId id, Instant now, PublicUrl publicUrl) {
        var nobody =
                new ClaimedDelivery(
                        id,
                        // Not the delivery's id, so that a test shows if a receiver confuses them.
                        new RequestId(UUID.nameUUIDFromBytes(id.toString().getBytes(UTF_8))),
                        new ClientSystemId("test"),
                        id.value(),
                        1,
                        0,
                        false,
                        Kind.DELETION,
                        new MetaAppId("0"),
                        Platform.FACEBOOK,
                        IdType.APP_SCOPED_USER_ID,
                        new byte[0],
                        now,
                        now,
                        now.plus(Duration.ofDays(30)));
        return of(nobody, new Subject("test", IdType.APP_SCOPED_USER_ID), publicUrl, true);
    }

    static byte[] of(ClaimedDelivery delivery, Subject subject, PublicUrl publicUrl, boolean test) {
        var id = delivery.id().toString();
        var received = delivery.receivedAt().toString();
        var bytes = new ByteArrayOutputStream(EXPECTED_BYTES);
        try (var json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField(
                    "type",
                    delivery.kind() == Kind.DELETION
                            ? "deletion.requested"
                            : "deauthorization.received");
            json.writeStringField("timestamp", received);
            json.writeObjectFieldStart("data");
            json.writeStringField("request_id", delivery.request().toString());
            json.writeStringField("delivery_id", id);
            json.writeStringField("app_id", delivery.app().value());
            json.writeStringField("platform", delivery.platform().wireName());
            json.writeObjectFieldStart("subject");
            json.writeStringField("id", subject.id());
            json.writeStringField("id_type", subject.type().wireName());
            json.writeEndObject();
            json.writeStringField("requested_at", delivery.requestedAt().toString());
            json.writeStringField("received_at", received);
            if (delivery.kind() == Kind.DELETION) {
                json.writeStringField("due_at", delivery.dueAt().toString());
                json.writeStringField("receipt_url", publicUrl.ofReceipt(delivery.id()));
            }
            json.writeBooleanField("test", test);
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory failed", e);
        }
        return bytes.toByteArray();
    }
}
