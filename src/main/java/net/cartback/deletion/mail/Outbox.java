package net.cartback.deletion.mail;

import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/** What is to be sent, and what became of it. It is written together with what it tells of. */
public final class Outbox {

    private Outbox() {}

    /**
     * Queues a mail, unless one of this kind waits already.
     *
     * @param request of which it tells; null: of all of the case
     */
    public static void put(
            Handle handle,
            UUID caseId,
            Occasion occasion,
            @Nullable RequestId request,
            Instant now) {
        OutboxSql.insert(handle, caseId, occasion, request, now);
    }

    /** The mails of these occasions that were not sent are not tried again. */
    public static void withdraw(Handle handle, UUID caseId, Occasion... occasions) {
        OutboxSql.withdraw(handle, caseId, List.of(occasions));
    }

    /** The mails of these cases, the oldest first. */
    public static List<MailView> of(Handle handle, Collection<UUID> cases) {
        return cases.isEmpty() ? List.of() : OutboxSql.ofCases(handle, cases);
    }
}
