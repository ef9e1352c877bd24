package net.cartback.deletion.dispatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import net.cartback.deletion.fixtures.Fuzz;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Tls;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.Kind;

import okhttp3.Headers;

import org.junit.jupiter.api.Test;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whatever a client system says, it is one of the replies, and a wait is never longer than a day.
 */
class ReplyFuzzTest {

    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final ClientSystem SYSTEM = system();

    @Test
    void any_body_is_a_reply() {
        int rounds =
                Fuzz.run(
                        List.of(
                                "{\"outcome\":\"deleted\"}",
                                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\","
                                    + "\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}]}",
                                "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}",
                                "<html>ok</html>",
                                ""),
                        body -> {
                            for (int status : List.of(200, 204, 400, 404, 429, 503)) {
                                assertThat(
                                                ReplyTable.read(
                                                        Kind.DELETION,
                                                        SYSTEM,
                                                        new HttpReply(
                                                                status,
                                                                Headers.of(),
                                                                new HttpReply.Body.Whole(body),
                                                                null),
                                                        NOW,
                                                        NOW))
                                        .isNotNull();
                            }
                        });

        assertThat(rounds).isGreaterThanOrEqualTo(500);
    }

    @Test
    void any_retry_after_is_a_wait_of_at_most_a_day_or_none() {
        Fuzz.run(
                List.of("120", "Tue, 24 Nov 2026 00:05:00 GMT", "0", " 7 "),
                header -> {
                    var wait = ReplyTable.duration(new String(header, ISO_8859_1), NOW);
                    if (wait != null) {
                        assertThat(wait).isBetween(Duration.ZERO, Duration.ofDays(1));
                    }
                });
    }

    private static ClientSystem system() {
        return new ClientSystem(
                new ClientSystemId("crm"),
                "The CRM",
                URI.create("https://crm.example.com/"),
                new ClientSystem.Credential.WebhookSecrets(List.of()),
                Set.of(),
                Set.of(),
                AckMeans.ACCEPTED,
                Map.of(404, "nothing_found"),
                null,
                1,
                Duration.ofSeconds(1),
                Duration.ofDays(1),
                Tls.USUAL);
    }
}
