package net.cartback.deletion.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.operation.OperatorSql.Action;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Note;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.UUID;

/** Keeps what operators do, with who and why, sealed. */
final class OperatorNotes {

    private final Keyring keyring;
    private final InstantSource clock;

    OperatorNotes(Keyring keyring, InstantSource clock) {
        this.keyring = keyring;
        this.clock = clock;
    }

    /** Keeps one action, in the transaction of the change. */
    void keep(
            Handle handle,
            Verb verb,
            ClientSystemId system,
            @Nullable DeliveryId delivery,
            int deliveries,
            Note note) {
        keep(handle, UUID.randomUUID(), verb, system, delivery, deliveries, note);
    }

    /** As the other, of what is done to a request as a whole. */
    void keep(Handle handle, Verb verb, RequestId request, Note note) {
        keep(handle, UUID.randomUUID(), verb, null, request, null, 0, note);
    }

    /** As the other, under an id that is known already. */
    void keep(
            Handle handle,
            UUID id,
            Verb verb,
            ClientSystemId system,
            @Nullable DeliveryId delivery,
            int deliveries,
            Note note) {
        keep(handle, id, verb, system, null, delivery, deliveries, note);
    }

    private void keep(
            Handle handle,
            UUID id,
            Verb verb,
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
                        keyring.sealer().seal(SealedColumns.NOTE.at(id), text.toString())),
                clock.instant());
    }
}
