package net.cartback.deletion.ledger;

import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.UUID;

/**
 * A delivery that is ours to send until its lease ends.
 *
 * @param attempt the number of this attempt, from 1
 * @param step how many attempts before it failed; those that do not count are not among them
 * @param probe whether the system is held, and this one finds out whether it still should be
 * @param idType of the id by which Meta knows the person; null: the person asked otherwise
 * @param subjectSealed by what the person may be found, still sealed; see {@link SubjectSeal}
 */
public record ClaimedDelivery(
        DeliveryId id,
        RequestId request,
        ClientSystemId system,
        UUID leaseId,
        int attempt,
        int step,
        boolean probe,
        Kind kind,
        MetaAppId app,
        Platform platform,
        @Nullable IdType idType,
        byte[] subjectSealed,
        Instant requestedAt,
        Instant receivedAt,
        Instant dueAt) {

    @Override
    public String toString() {
        return "ClaimedDelivery[" + id + "]";
    }
}
