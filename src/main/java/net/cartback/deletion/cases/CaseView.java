package net.cartback.deletion.cases;

import net.cartback.deletion.subject.OnBehalfOf;
import net.cartback.deletion.subject.Right;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;

/**
 * A case as operators see it: nothing in it is personal.
 *
 * @param receivedAt when the wish reached the agency
 * @param acknowledgeBy by when the person must have been told that it has arrived
 * @param acknowledgedAt when that was; null: it was not yet
 * @param requests what it became
 */
public record CaseView(
        CaseId id,
        Channel channel,
        Right right,
        @Nullable OnBehalfOf onBehalfOf,
        Instant receivedAt,
        Instant enteredAt,
        Instant acknowledgeBy,
        @Nullable Instant acknowledgedAt,
        List<RequestId> requests) {

    public CaseView {
        requests = List.copyOf(requests);
    }
}
