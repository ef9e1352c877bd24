package net.cartback.deletion.ledger;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

/**
 * Seals by what a person may be found, and opens it again for a delivery. Does not use the
 * database.
 */
public final class SubjectSeal {

    private final Keyring keyring;

    public SubjectSeal(Keyring keyring) {
        this.keyring = keyring;
    }

    /** As it is stored with this request. */
    public byte[] seal(RequestId request, Subject subject) {
        var text =
                switch (subject) {
                    case MetaUser user -> user.id();
                    case Person person -> person.written();
                };
        return keyring.sealer().seal(SealedColumns.SUBJECT.at(request), text);
    }

    /**
     * Whom a delivery is about.
     *
     * @throws SealBroken if it cannot be opened
     */
    public Subject open(ClaimedDelivery delivery) {
        return open(delivery.request(), delivery.idType(), delivery.subjectSealed());
    }

    /**
     * Whom a request is about.
     *
     * @param type of an id of Meta's; null: it is no such id
     * @throws SealBroken if it cannot be opened
     * @throws PersonUnreadable if another version of the program wrote it
     */
    public Subject open(RequestId request, @Nullable IdType type, byte[] sealed) {
        var text = keyring.sealer().open(SealedColumns.SUBJECT.at(request), sealed);
        return type == null ? Person.read(text) : new MetaUser(text, type);
    }
}
