package net.cartback.deletion.reading;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.OperatorNote;

/** Opens what is kept, sealed, of who did something and why. */
final class ActionNotes {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Keyring keyring;

    ActionNotes(Keyring keyring) {
        this.keyring = keyring;
    }

    DeliveryView.ActionView opened(DeliveryViewSql.KeptAction kept) {
        var sealed = kept.noteSealed();
        if (sealed == null) {
            return new DeliveryView.ActionView(kept.at(), kept.verb(), kept.deliveries(), null);
        }
        try {
            var note =
                    JSON.readTree(keyring.sealer().open(SealedColumns.NOTE.at(kept.id()), sealed));
            return new DeliveryView.ActionView(
                    kept.at(),
                    kept.verb(),
                    kept.deliveries(),
                    new OperatorNote(
                            new Actor(note.path("actor").asText("operator")),
                            note.get("by").textValue(),
                            note.get("why").textValue()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A note that was sealed holds no JSON", e);
        }
    }
}
