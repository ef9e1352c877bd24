package net.cartback.deletion.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.UUID;

/** Keeps what operators do, with who and why, sealed. */
public final class OperatorNotes {

    private final Keyring keyring;
    private final InstantSource clock;

    public OperatorNotes(Keyring keyring, InstantSource clock) {
        this.keyring = keyring;
        this.clock = clock;
    }

    /**
     * What an action was done to.
     *
     * @param deliveries how many deliveries it concerned
     */
    record Concern(
            @Nullable ClientSystemId system,
            @Nullable RequestId request,
            @Nullable DeliveryId delivery,
            int deliveries) {

        static Concern of(ClientSystemId system, int deliveries) {
            return new Concern(system, null, null, deliveries);
        }

        static Concern of(ClientSystemId system, DeliveryId delivery) {
            return new Concern(system, null, delivery, 1);
        }

        static Concern of(RequestId request) {
            return new Concern(null, request, null, 0);
        }
    }

    /** Keeps one action on a request, in the transaction of the change. */
    public void keep(Handle handle, Verb verb, RequestId request, OperatorNote note) {
        keep(handle, verb, Concern.of(request), note);
    }

    /** Keeps one action, in the transaction of the change. */
    void keep(Handle handle, Verb verb, Concern concern, OperatorNote note) {
        keep(handle, UUID.randomUUID(), verb, concern, note);
    }

    /** Keeps one action under an id that something else names too. */
    void keep(Handle handle, UUID id, Verb verb, Concern concern, OperatorNote note) {
        var text =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("actor", note.actor().toString())
                        .put("by", note.by())
                        .put("why", note.why());
        var sealed = keyring.sealer().seal(SealedColumns.NOTE.at(id), text.toString());
        OperatorSql.insert(handle, id, verb, concern, sealed, clock.instant());
    }
}
