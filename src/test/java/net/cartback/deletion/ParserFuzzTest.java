package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.InvalidKeyring;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.fixtures.Fuzz;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.terms.ConfirmationCode;

import org.junit.jupiter.api.Test;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Parsers of files, variables, codes and signatures: they read, or refuse in their own words. */
class ParserFuzzTest {

    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
    private static final WebhookSecret SECRET =
            WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final String REGISTRY =
            """
            apps:
              - id: "1234567890"
                name: Example Shop
                platform: facebook
                state: live
                secrets:
                  - {label: facebook, value: "${SHOP}"}
                  - {label: instagram, value: 0123456789abcdef0123456789abcdef, not_after: "2027-01-31T00:00:00Z"}
                systems: [crm]
            systems:
              - id: crm
                name: Shop CRM
                public_name: Customer records
                url: https://crm.example.com/deletions?token=x
                secrets: [{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]
                events: [deletion]
                ack_means: accepted
                answers: {404: nothing_found}
                max_in_flight: 16
                rate_per_minute: 600
                timeout: PT15S
                receipt_within: P7D
                tls: "1.3"
                ca: public
            """;

    @Test
    void a_registry_file() {
        Fuzz.run(
                List.of(REGISTRY, REGISTRY.substring(REGISTRY.indexOf("systems:\n"))),
                reads(
                        text -> RegistryFile.parse(text, Map.of("SHOP", "a".repeat(32)), false),
                        InvalidRegistry.class));
    }

    @Test
    void a_keyring() {
        Fuzz.run(
                List.of(new KeyMaker(new SecureRandom()).generate(NOW)),
                reads(
                        text -> Keyring.parse(text, () -> NOW, new SecureRandom()),
                        InvalidKeyring.class));
    }

    @Test
    void a_confirmation_code() {
        Fuzz.run(
                List.of("7K3M9Q2XVB4T8WZC5N6R1YHDJF", " 7k3m-9q2x vb4t8wzc5n6r1yhdjf"),
                input -> {
                    var code = ConfirmationCode.typed(new String(input, UTF_8));
                    code.ifPresent(
                            each ->
                                    assertThat(ConfirmationCode.typed(each.value()))
                                            .contains(each));
                });
    }

    @Test
    void a_signature() {
        var body = "{}".getBytes(UTF_8);
        var signature = StandardWebhooks.sign("id", NOW, body, SECRET);
        var unpadded = signature.replace("=", "");
        Fuzz.run(
                List.of(signature, "v1a,AAAA " + signature),
                input -> {
                    var text = new String(input, UTF_8);
                    var verdict =
                            StandardWebhooks.verify(
                                    "id",
                                    Long.toString(NOW.getEpochSecond()),
                                    text,
                                    body,
                                    List.of(SECRET),
                                    NOW);
                    assertThat(verdict == StandardWebhooks.Verdict.VALID)
                            .as("only with the signature in it, padded or not")
                            .isEqualTo(
                                    Arrays.stream(text.split(" ", -1))
                                            .anyMatch(
                                                    entry ->
                                                            entry.equals(signature)
                                                                    || entry.equals(unpadded)));
                });
        Fuzz.run(
                List.of("1795478400"),
                input ->
                        assertThat(
                                        StandardWebhooks.verify(
                                                "id",
                                                new String(input, UTF_8),
                                                signature,
                                                body,
                                                List.of(SECRET),
                                                NOW))
                                .isNotNull());
    }

    @Test
    void variables_of_the_environment() {
        Fuzz.run(
                List.of(
                        "postgres://user:pass@host:5432/db?sslmode=verify-full",
                        "jdbc:postgresql://host/db"),
                reads(DatabaseAddress::parse, IllegalArgumentException.class));
        Fuzz.run(
                List.of("10.0.0.0/8, 192.168.1.1, fd00::/8"),
                reads(OutboundRules::allowing, IllegalArgumentException.class));
        Fuzz.run(
                List.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                reads(WebhookSecret::parse, IllegalArgumentException.class));
    }

    /** Reads, or throws this. */
    private static Consumer<byte[]> reads(
            Consumer<String> parser, Class<? extends RuntimeException> refusal) {
        return input -> {
            try {
                parser.accept(new String(input, UTF_8));
            } catch (RuntimeException e) {
                if (!refusal.isInstance(e)) {
                    throw e;
                }
                assertThat(e.getMessage()).isNotBlank();
            }
        };
    }
}
