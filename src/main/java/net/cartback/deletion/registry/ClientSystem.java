package net.cartback.deletion.registry;

import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An HTTP endpoint that receives deletions.
 *
 * @param answers statuses that, by agreement, stand for an outcome: {@code 404 → nothing_found}
 * @param answersHeader a header that nobody but the client itself sends: with it, an agreed status
 *     counts without a body too; null: only with JSON
 * @param maxInFlight calls at once, across all replicas
 * @param timeout of one call, at most 60 s
 * @param receiptWithin how long its answer may take after it has accepted
 */
public record ClientSystem(
        ClientSystemId id,
        String publicName,
        URI url,
        List<Secret> secrets,
        AckMeans ackMeans,
        Map<Integer, String> answers,
        @Nullable String answersHeader,
        int maxInFlight,
        Duration timeout,
        Duration receiptWithin,
        Tls tls) {

    /** A webhook secret and until when it is in force; null: without end. */
    public record Secret(WebhookSecret value, @Nullable Instant notAfter) {}

    public ClientSystem {
        secrets = List.copyOf(secrets);
        answers = Map.copyOf(answers);
    }

    /** The secrets to sign with, and to verify answers with, at this instant. */
    public List<WebhookSecret> activeSecrets(Instant now) {
        return secrets.stream()
                .filter(each -> each.notAfter() == null || now.isBefore(each.notAfter()))
                .map(Secret::value)
                .toList();
    }
}
