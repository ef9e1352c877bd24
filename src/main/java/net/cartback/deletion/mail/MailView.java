package net.cartback.deletion.mail;

import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.UUID;

/**
 * A mail as operators see it: nothing in it is personal.
 *
 * @param request of which it tells; null: of all of the case
 * @param nextAttemptAt null: it is not tried again
 * @param sentAt when a server took it; null: none has
 * @param error why the last attempt failed; null: it did not, or there was none
 */
public record MailView(
        UUID caseId,
        Occasion occasion,
        @Nullable RequestId request,
        Instant createdAt,
        int attempts,
        @Nullable Instant nextAttemptAt,
        @Nullable Instant sentAt,
        @Nullable MailError error) {}
