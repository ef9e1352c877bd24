package net.cartback.deletion.mail;

import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.util.UUID;

/**
 * A mail that is to be sent.
 *
 * @param caseId whose person gets it
 * @param request of which it tells; null: of all of the case
 * @param attempt how often it was tried, this time included
 */
public record Mail(
        UUID id, UUID caseId, Occasion occasion, @Nullable RequestId request, int attempt) {}
