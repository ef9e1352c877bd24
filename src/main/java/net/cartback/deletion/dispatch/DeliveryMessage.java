package net.cartback.deletion.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.Subject;

/** The body of a delivery: {@code deletion.requested}, the same bytes on every attempt. */
final class DeliveryMessage {

    private DeliveryMessage() {}

    static byte[] of(ClaimedDelivery delivery, Subject subject, String publicUrl) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("type", "deletion.requested").put("timestamp", delivery.receivedAt().toString());
        var data = json.putObject("data");
        data.put("request_id", delivery.request().toString())
                .put("delivery_id", delivery.id().toString())
                .put("app_id", delivery.app().value())
                .put("platform", delivery.platform().wireName());
        data.putObject("subject").put("id", subject.id()).put("id_type", "app_scoped_user_id");
        data.put("requested_at", delivery.requestedAt().toString())
                .put("received_at", delivery.receivedAt().toString())
                .put("due_at", delivery.dueAt().toString())
                .put("receipt_url", publicUrl + "/receipts/" + delivery.id())
                .put("test", false);
        return json.toString().getBytes(UTF_8);
    }
}
