package net.cartback.deletion.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Place;
import net.cartback.deletion.ledger.OperatorSql.Action;
import net.cartback.deletion.registry.ClientSystemId;
import net.cartback.deletion.storage.Actor;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.UUID;

/** Keeps what operators do, with who and why, sealed. */
final class OperatorNotes {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Keyring keyring;
    private final InstantSource clock;

    OperatorNotes(Keyring keyring, InstantSource clock) {
        this.keyring = keyring;
        this.clock = clock;
    }

    /** Keeps one action, in the transaction of the change. */
    void keep(
            Handle handle,
            String verb,
            ClientSystemId system,
            @Nullable DeliveryId delivery,
            int deliveries,
            Note note) {
        keep(handle, UUID.randomUUID(), verb, system, delivery, deliveries, note);
    }

    /** As the other, of what is done to a request as a whole. */
    void keep(Handle handle, String verb, RequestId request, Note note) {
        keep(handle, UUID.randomUUID(), verb, null, request, null, 0, note);
    }

    /** As the other, under an id that is known already. */
    void keep(
            Handle handle,
            UUID id,
            String verb,
            ClientSystemId system,
            @Nullable DeliveryId delivery,
            int deliveries,
            Note note) {
        keep(handle, id, verb, system, null, delivery, deliveries, note);
    }

    private void keep(
            Handle handle,
            UUID id,
            String verb,
            @Nullable ClientSystemId system,
            @Nullable RequestId request,
            @Nullable DeliveryId delivery,
            int deliveries,
            Note note) {
        var text =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("actor", note.actor().toString())
                        .put("by", note.by())
                        .put("why", note.why());
        OperatorSql.insert(
                handle,
                new Action(
                        id,
                        verb,
                        system,
                        request,
                        delivery,
                        deliveries,
                        keyring.sealer().seal(place(id), text.toString())),
                clock.instant());
    }

    DeliveryRecord.Done opened(DeliveryRecordSql.KeptAction kept) {
        var sealed = kept.noteSealed();
        if (sealed == null) {
            return new DeliveryRecord.Done(kept.at(), kept.verb(), kept.deliveries(), null);
        }
        try {
            var note = JSON.readTree(keyring.sealer().open(place(kept.id()), sealed));
            return new DeliveryRecord.Done(
                    kept.at(),
                    kept.verb(),
                    kept.deliveries(),
                    new Note(
                            new Actor(note.path("actor").asText("operator")),
                            note.get("by").textValue(),
                            note.get("why").textValue()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A note that was sealed holds no JSON", e);
        }
    }

    private static Place place(UUID action) {
        return new Place("operator_action", "note_sealed", action.toString());
    }
}
