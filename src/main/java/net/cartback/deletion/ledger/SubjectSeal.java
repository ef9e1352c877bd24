package net.cartback.deletion.ledger;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.terms.Subject;

/**
 * Opens the sealed id of the person whose deletion a delivery asks for. Does not use the database.
 */
public final class SubjectSeal {

    private final Keyring keyring;

    public SubjectSeal(Keyring keyring) {
        this.keyring = keyring;
    }

    /**
     * Whose deletion this is.
     *
     * @throws SealBroken if the id cannot be opened
     */
    public Subject open(ClaimedDelivery delivery) {
        var place = SealedColumns.SUBJECT.at(delivery.request());
        return new Subject(
                keyring.sealer().open(place, delivery.subjectSealed()), delivery.idType());
    }
}
