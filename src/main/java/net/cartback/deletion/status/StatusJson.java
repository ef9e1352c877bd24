package net.cartback.deletion.status;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.WireName;

import java.time.Instant;

/** The status as JSON, as the contract gives it. Pure. */
final class StatusJson {

    private StatusJson() {}

    static ObjectNode of(ConfirmationCode code, RequestStatus status, Instant now) {
        var json = JsonNodeFactory.instance.objectNode();
        var closedAt = status.closedAt();
        json.put("confirmation_code", code.value())
                .put("state", status.state(now).wireName())
                .put("outcome", status.outcome().map(WireName::wireName).orElse(null))
                .put("received_at", status.receivedAt().toString())
                .put("due_at", status.dueAt().toString())
                .put("updated_at", status.updatedAt().toString())
                .put("completed_at", closedAt == null ? null : closedAt.toString());
        json.putObject("systems")
                .put("total", status.parts().size())
                .put("confirmed", status.confirmed());
        var retained = json.putArray("retained");
        var refused = json.putArray("refused");
        for (var part : status.parts()) {
            for (var each : part.retained()) {
                retained.addObject()
                        .put("organisation", part.systemName().name())
                        .put("category", each.category().wireName())
                        .put("ground", each.ground().wireName())
                        .put("until", each.until() == null ? null : each.until().toString());
            }
            if (part.ground() != null) {
                refused.addObject()
                        .put("organisation", part.systemName().name())
                        .put("ground", part.ground().wireName());
            }
        }
        // Only where there is one: a client that knows neither reads what it always has.
        var hold = status.hold();
        if (hold != null) {
            json.putObject("hold")
                    .put("ground", hold.ground().wireName())
                    .put("since", hold.since().toString());
        }
        var extension = status.extension();
        if (extension != null) {
            json.putObject("extension")
                    .put("ground", extension.ground().wireName())
                    .put("extended_at", extension.at().toString())
                    .put("was_due_at", extension.wasDueAt().toString());
        }
        return json;
    }
}
