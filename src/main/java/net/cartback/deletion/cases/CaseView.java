package net.cartback.deletion.cases;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.mail.MailView;
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
 * @param language in which the person is told by mail; null: the person is not
 * @param requests what it became
 * @param mails what the person was told by mail, or is to be
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
        @Nullable Language language,
        List<RequestId> requests,
        List<MailView> mails) {

    public CaseView {
        requests = List.copyOf(requests);
        mails = List.copyOf(mails);
    }

    /** The same with those of these mails that are its own. */
    CaseView with(List<MailView> all) {
        return new CaseView(
                id,
                channel,
                right,
                onBehalfOf,
                receivedAt,
                enteredAt,
                acknowledgeBy,
                acknowledgedAt,
                language,
                requests,
                all.stream().filter(each -> each.caseId().equals(id.value())).toList());
    }
}
