package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.PortLock;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** What the guides promise to whoever follows them. */
class GuidesIT {

    private static final Path GUIDES = Path.of("docs/guides");
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Test
    void the_numbers_to_check_a_signature_with_are_right() throws IOException {
        var page = Files.readString(GUIDES.resolve("client-system.md"));
        var signature =
                StandardWebhooks.sign(
                        value(page, "`webhook-id`"),
                        Instant.ofEpochSecond(Long.parseLong(value(page, "`webhook-timestamp`"))),
                        value(page, "body").getBytes(StandardCharsets.UTF_8),
                        WebhookSecret.parse(value(page, "secret")));
        assertThat(value(page, "entry")).isEqualTo(signature);
    }

    /** The code in the row of a table that begins with this. */
    private static String value(String page, String name) {
        var row =
                page.lines()
                        .filter(line -> line.startsWith("| " + name + " | `"))
                        .findFirst()
                        .orElseThrow();
        return row.replaceFirst(".*? \\| `([^`]*)`.*", "$1");
    }

    @Test
    void what_is_sent_is_what_the_contract_says_of_it() throws IOException {
        var contract = Contract.load();
        var json = new ObjectMapper();
        try (var crm = new FakeClientSystem("crm").answers(202, "");
                var relay = new TestRelay()) {
            relay.register(crm);
            relay.register(
                    "systems: [{id: crm, events: [deletion, deauthorization, person], accepts:"
                            + " [email]}]");
            relay.metaAsksToDelete("1");
            relay.deauthorize(relay.signedRequest("2"));
            enter(relay, verified("dana@example.com"));
            relay.admin("/systems/crm/tests", "");
            relay.dispatchOnce();

            // The test comes with a second call whose signature is wrong.
            assertThat(crm.received()).hasSize(5);
            for (var each : crm.received()) {
                var schema =
                        switch (json.readTree(each.body()).get("type").textValue()) {
                            case "deauthorization.received" -> "DeauthorizationReceived";
                            case "person.requested" -> "PersonRequested";
                            default -> "DeletionRequested";
                        };
                assertThat(
                                contract.faults(
                                        json.readTree(
                                                "{\"$ref\":\"#/components/schemas/"
                                                        + schema
                                                        + "\"}"),
                                        each.body()))
                        .isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "node,receiver.mjs,reply",
        "node,receiver.mjs,receipt",
        "python3,receiver.py,reply",
        "python3,receiver.py,receipt"
    })
    void the_receiver_takes_deletions_and_refuses_forgeries(
            String program, String file, String answer) throws Exception {
        int port = PortLock.freePort();
        var builder = receiver(program, file, port);
        builder.environment().put("ANSWER", answer);
        var receiver = builder.start();
        try (var relay = new TestRelay()) {
            await().atMost(PATIENCE).until(() -> listens(port));
            breakOffAmidARequest(port);
            relay.register(
                    "systems: [{id: crm, name: CRM, url: \"http://127.0.0.1:%d/\", secrets: [{value: %s}], timeout: PT60S}]"
                            .formatted(port, SECRET));
            relay.register(
                    "apps: [{id: \"%s\", name: Shop, secrets: [{value: %s}], systems: [crm]}]"
                            .formatted(TestRelay.APP_ID, TestRelay.APP_SECRET));
            var code = relay.metaAsksToDelete("10210123456789012");
            relay.dispatchOnce();
            await().atMost(PATIENCE)
                    .until(() -> relay.status(code).path("outcome").asText().equals("deleted"));

            var at =
                    relay.admin("/systems/crm/tests", "")
                            .headers()
                            .firstValue("Location")
                            .orElseThrow();
            relay.dispatchOnce();
            var steps = Http.json(relay.admin(at.substring("/admin/v1".length()))).get("steps");
            assertThat(steps.findValuesAsText("detail"))
                    .contains(
                            answer.equals("reply") ? "outcome nothing_found" : "empty",
                            "refused with 401");
        } finally {
            receiver.destroy();
        }
    }

    @ParameterizedTest
    @CsvSource({"node,receiver.mjs", "python3,receiver.py"})
    void the_receiver_finds_people_by_what_is_verified_and_by_nothing_else(
            String program, String file) throws Exception {
        int port = PortLock.freePort();
        var builder = receiver(program, file, port);
        builder.environment()
                .put(
                        "PEOPLE",
                        """
                        [{"email": "alice@example.com", "instagram_username": "alice"},
                         {"email": "shared@example.com", "instagram_username": "one"},
                         {"email": "shared@example.com", "instagram_username": "two"},
                         {"email": "team@example.com", "phone": "+19075550100"},
                         {"email": "team@example.com", "phone": 5},
                         {"whatsapp_bsuid": "US.aB1"}, {"whatsapp_bsuid": "US.Ab1"},
                         {"email": null}, {}]
                        """);
        var receiver = builder.start();
        try (var relay = new TestRelay()) {
            await().atMost(PATIENCE).until(() -> listens(port));
            relay.register(
                    "systems: [{id: crm, name: CRM, url: \"http://127.0.0.1:%d/\", timeout: PT60S, events: [person], accepts: [email, instagram_username, phone, whatsapp_bsuid], secrets: [{value: %s}]}]"
                            .formatted(port, SECRET));
            relay.register(TestRelay.app(List.of("crm")));

            // Anybody can write down somebody else's user name.
            var mallory = verified("mallory@example.com") + ", " + unverified("alice");
            assertThat(outcome(relay, mallory)).isEqualTo("nothing_found");
            var shared = verified("shared@example.com");
            assertThat(outcome(relay, shared)).isEqualTo("refused");
            assertThat(outcome(relay, shared + ", " + unverified("nobody"))).isEqualTo("refused");
            assertThat(outcome(relay, shared + ", " + unverified("two"))).isEqualTo("deleted");
            // The same again is not the other one, who has the address too.
            assertThat(outcome(relay, shared + ", " + unverified("two"))).isEqualTo("refused");
            assertThat(outcome(relay, shared)).isEqualTo("deleted");
            assertThat(outcome(relay, shared)).isEqualTo("nothing_found");
            // Another that is verified chooses too.
            assertThat(outcome(relay, verified("team@example.com") + ", " + call("+19075550100")))
                    .isEqualTo("deleted");
            assertThat(outcome(relay, verified("team@example.com"))).isEqualTo("deleted");
            // Capitals are the same in addresses and user names, and in nothing else.
            var bsuid =
                    "{\"type\": \"whatsapp_bsuid\", \"value\": \"%s\", \"verified\":"
                            + " \"operator_letter\"}";
            assertThat(outcome(relay, bsuid.formatted("US.aB1"))).isEqualTo("deleted");
            assertThat(outcome(relay, bsuid.formatted("US.aB1"))).isEqualTo("nothing_found");
            // She was there all the time.
            assertThat(outcome(relay, verified("Alice@example.com"))).isEqualTo("deleted");
        } finally {
            receiver.destroy();
        }
    }

    private static String outcome(TestRelay relay, String identifiers) {
        var code = enter(relay, identifiers);
        relay.dispatchOnce();
        return relay.status(code).path("outcome").asText();
    }

    /** Enters what a person asked for, and returns the code. */
    private static String enter(TestRelay relay, String identifiers) {
        var reply =
                relay.adminOnce(
                        "/cases",
                        UUID.randomUUID().toString(),
                        """
                        "channel": "letter", "received_at": "%s", "right": "erasure",
                        "apps": ["%s"], "identifiers": [%s]
                        """
                                .formatted(relay.clock().instant(), TestRelay.APP_ID, identifiers));
        return Http.json(reply).at("/requests/0/confirmation_code").textValue();
    }

    private static String verified(String email) {
        return "{\"type\": \"email\", \"value\": \"%s\", \"verified\": \"operator_letter\"}"
                .formatted(email);
    }

    private static String call(String number) {
        return "{\"type\": \"phone\", \"value\": \"%s\", \"verified\": \"operator_call_back\"}"
                .formatted(number);
    }

    private static String unverified(String name) {
        return "{\"type\": \"instagram_username\", \"value\": \"%s\"}".formatted(name);
    }

    /** A sample receiver, ready to be started on a port. */
    private static ProcessBuilder receiver(String program, String file, int port)
            throws IOException, InterruptedException {
        assumeTrue(
                Boolean.parseBoolean(System.getenv("CI")) || isThere(program),
                program + " is not here");
        var builder =
                new ProcessBuilder(program, GUIDES.resolve(file).toString())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("PORT", Integer.toString(port));
        builder.environment().put("WEBHOOK_SECRET", SECRET);
        return builder;
    }

    private static boolean isThere(String program) throws IOException, InterruptedException {
        try {
            var process =
                    new ProcessBuilder(program, "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** As anybody may, with no secret at all. */
    private static void breakOffAmidARequest(int port) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
                                    .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
        }
    }

    private static boolean listens(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
