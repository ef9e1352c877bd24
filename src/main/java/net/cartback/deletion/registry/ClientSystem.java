package net.cartback.deletion.registry;

import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.Kind;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An HTTP endpoint that receives deletions.
 *
 * @param events what it hears of
 * @param accepts by what it finds people who did not ask through Meta; it is sent nothing else
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
        Credential credential,
        Set<Kind> events,
        Set<IdentifierType> accepts,
        AckMeans ackMeans,
        Map<Integer, String> answers,
        @Nullable String answersHeader,
        int maxInFlight,
        Duration timeout,
        Duration receiptWithin,
        Tls tls) {

    /** What a system is called in public for which nobody has chosen a name. */
    public static final String NO_PUBLIC_NAME = "Connected system";

    /** How the relay and the system know each other's messages. */
    public sealed interface Credential {

        /** Secrets that both have: any one that is in force will do (Standard Webhooks). */
        record WebhookSecrets(List<Secret> secrets) implements Credential {

            public WebhookSecrets {
                secrets = List.copyOf(secrets);
            }

            /** Those to sign with, and to verify answers with, at this instant. */
            public List<WebhookSecret> active(Instant now) {
                return secrets.stream()
                        .filter(each -> each.notAfter() == null || now.isBefore(each.notAfter()))
                        .map(Secret::value)
                        .toList();
            }
        }
    }

    /** A webhook secret and until when it is in force; null: without end. */
    public record Secret(WebhookSecret value, @Nullable Instant notAfter) {}

    public ClientSystem {
        events = Set.copyOf(events);
        accepts = Set.copyOf(accepts);
        answers = Map.copyOf(answers);
    }

    /** Whether it hears of these. */
    public boolean hears(Kind kind) {
        return events.contains(kind);
    }

    /** What a test sends: a person only to a system that hears of no deletions. */
    public Kind testedAs() {
        return hears(Kind.PERSON) && !hears(Kind.DELETION) ? Kind.PERSON : Kind.DELETION;
    }

    /** The webhook secrets that are in force at this instant; empty: there are none. */
    public List<WebhookSecret> activeSecrets(Instant now) {
        return switch (credential) {
            case Credential.WebhookSecrets secrets -> secrets.active(now);
        };
    }
}
