package net.cartback.deletion.dispatch;

import com.fasterxml.jackson.core.JsonFactory;

import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.Subject;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The body of a delivery: {@code deletion.requested}, the same bytes on every attempt. */
final class DeliveryMessage {

    private static final int EXPECTED_BYTES = 700;
    private static final JsonFactory JSON = new JsonFactory();

    private DeliveryMessage() {}

    static byte[] of(ClaimedDelivery delivery, Subject subject, String publicUrl) {
        var id = delivery.id().toString();
        var received = delivery.receivedAt().toString();
        var bytes = new ByteArrayOutputStream(EXPECTED_BYTES);
        try (var json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("type", "deletion.requested");
            json.writeStringField("timestamp", received);
            json.writeObjectFieldStart("data");
            json.writeStringField("request_id", delivery.request().toString());
            json.writeStringField("delivery_id", id);
            json.writeStringField("app_id", delivery.app().value());
            json.writeStringField("platform", delivery.platform().wireName());
            json.writeObjectFieldStart("subject");
            json.writeStringField("id", subject.id());
            json.writeStringField("id_type", "app_scoped_user_id");
            json.writeEndObject();
            json.writeStringField("requested_at", delivery.requestedAt().toString());
            json.writeStringField("received_at", received);
            json.writeStringField("due_at", delivery.dueAt().toString());
            json.writeStringField("receipt_url", publicUrl + "/receipts/" + id);
            json.writeBooleanField("test", false);
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory failed", e);
        }
        return bytes.toByteArray();
    }
}
