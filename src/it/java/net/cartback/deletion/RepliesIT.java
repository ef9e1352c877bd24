package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.fixtures.Gzip;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.RawServer;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Strange replies of client systems and of what stands before them, from a raw receiver, and what
 * each comes to under each registration.
 */
class RepliesIT {

    /** Which step of a test says what a delivery comes to. */
    private static final int RESULT = 8;

    private static final int BODY = 6;

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String REFUSED =
            "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}";
    private static final String WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String PAGE =
            "<html><head><title>Sign in</title></head><body>Please sign in.</body></html>";

    /** What a system has been registered with. */
    private static final List<String> REGISTRATIONS =
            List.of(
                    "ack_means: accepted",
                    "ack_means: deleted",
                    "ack_means: deleted, answers: {404: nothing_found, 204: nothing_found}",
                    "ack_means: deleted, answers: {404: nothing_found, 204: nothing_found},"
                            + " answers_header: X-CRM");

    /** Each reply, and what it comes to under each registration, in their order. */
    private record Case(String name, byte[] reply, List<String> comesTo) {}

    private final List<Case> cases = new ArrayList<>();

    {
        // Answers that can be read.
        all("an answer", http("200 OK", "", DELETED), "deleted in_reply");
        all("a refusal", http("200 OK", "", REFUSED), "refused in_reply");
        all(
                "a refusal, gzipped",
                http("200 OK", "Content-Encoding: gzip", Gzip.of(REFUSED)),
                "refused in_reply");
        all(
                "a refusal, gzipped, in pieces",
                chunked("Content-Encoding: x-gzip", Gzip.of(REFUSED)),
                "refused in_reply");
        all(
                "a refusal after a byte order mark",
                http("200 OK", "", "\uFEFF" + REFUSED),
                "refused in_reply");
        all(
                "a refusal called HTML",
                http("200 OK", "Content-Type: text/html", REFUSED),
                "refused in_reply");
        all("a refusal with 299", http("299 Odd", "", REFUSED), "refused in_reply");
        all(
                "a refusal without a length",
                raw("HTTP/1.1 200 OK\r\n\r\n" + REFUSED),
                "refused in_reply");

        // Acknowledgements.
        each(
                "nothing",
                http("200 OK", "", ""),
                "accepted",
                "deleted ack",
                "deleted ack",
                "deleted ack");
        each(
                "an object",
                http("202 Accepted", "", "{\"ok\":true}"),
                "accepted",
                "deleted ack",
                "deleted ack",
                "deleted ack");
        each(
                "an object, gzipped",
                http("200 OK", "Content-Encoding: gzip", Gzip.of("{}")),
                "accepted",
                "deleted ack",
                "deleted ack",
                "deleted ack");
        each(
                "204",
                raw("HTTP/1.1 204 No Content\r\n\r\n"),
                "accepted",
                "deleted ack",
                "awaiting unidentified",
                "awaiting unidentified");
        each(
                "204 with the agreed header",
                raw("HTTP/1.1 204 No Content\r\nX-Crm: 7\r\n\r\n"),
                "accepted",
                "deleted ack",
                "awaiting unidentified",
                "nothing_found ack");

        // Bodies that say nothing of an outcome.
        all("a login page", http("200 OK", "Content-Type: text/html", PAGE), "awaiting unclear");
        all(
                "a login page, gzipped",
                http("200 OK", "Content-Encoding: gzip", Gzip.of(PAGE)),
                "awaiting unclear");
        all(
                "a page longer than 64 KiB",
                http("200 OK", "", PAGE + "x".repeat(70_000)),
                "awaiting unclear");
        all(
                "a page that unpacks to 50 MB",
                http("200 OK", "Content-Encoding: gzip", Gzip.of("x".repeat(50_000_000))),
                "awaiting unclear");
        all("a text", http("200 OK", "Content-Type: text/plain", "OK"), "awaiting unclear");
        all("a blank", http("200 OK", "", "\r\n"), "awaiting unclear");
        all("an empty list", http("200 OK", "", "[]"), "awaiting unclear");
        all("null", http("200 OK", "", "null"), "awaiting unclear");
        all(
                "an object that reports a failure",
                http("200 OK", "", "{\"success\":false}"),
                "awaiting unclear");
        all(
                "204 with a length",
                raw("HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nhello!"),
                "awaiting unclear");
        all(
                "205 with a length",
                raw("HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\n{}"),
                "awaiting unclear");
        all(
                "pieces that are none",
                raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
                "awaiting unclear");

        for (var framing :
                List.of(
                        "Content-Length: 57\r\nContent-Length: 0",
                        "Content-Length: 0\r\nTransfer-Encoding: chunked",
                        "Content-Length: +0",
                        "Content-Length: -5")) {
            all(
                    "a refusal behind \"" + framing.replace("\r\n", ", ") + "\"",
                    raw(
                            "HTTP/1.1 200 OK\r\n"
                                    + framing
                                    + "\r\nConnection: close\r\n\r\n"
                                    + REFUSED),
                    "awaiting unclear");
        }
        for (var failure :
                List.of(
                        "{\"errorMessage\":\"boom\",\"errorType\":\"E\"}",
                        "{\"statusCode\":500,\"message\":\"Internal\"}",
                        "{\"resultCode\":\"ERROR\"}",
                        "{\"code\":1001}",
                        "{\"result\":\"not deleted\"}",
                        "{\"results\":[{\"status\":500}]}",
                        "{\"has_error\":true}",
                        "{\"isSuccess\":false}",
                        "{\"deletedCount\":0}",
                        "{\"detail\":\"Not authenticated\"}",
                        "{\"status\":\"not-found\"}")) {
            all(failure, http("200 OK", "", failure), "awaiting unclear");
        }
        all("a part", http("206 Partial Content", "", "{}"), "awaiting unclear");

        // Bodies that speak of an outcome in a form that the contract does not have.
        all("an answer in a list", http("200 OK", "", "[" + DELETED + "]"), "parked bad_receipt");
        all(
                "an answer in an object",
                http("200 OK", "", "{\"data\":" + REFUSED + "}"),
                "parked bad_receipt");
        all(
                "an answer in a text",
                http("200 OK", "", "\"{\\\"outcome\\\":\\\"refused\\\"}\""),
                "parked bad_receipt");
        all(
                "an answer after a prefix",
                http("200 OK", "", ")]}',\n" + REFUSED),
                "parked bad_receipt");
        all(
                "an answer before a comment",
                http("200 OK", "", REFUSED + "<!-- x -->"),
                "parked bad_receipt");
        all("two answers", http("200 OK", "", DELETED + REFUSED), "parked bad_receipt");
        all("a callback", http("200 OK", "", "cb(" + REFUSED + ");"), "parked bad_receipt");
        all("capitals", http("200 OK", "", REFUSED.toUpperCase(Locale.ROOT)), "parked bad_receipt");
        all("a form", http("200 OK", "", "outcome=refused"), "parked bad_receipt");
        all("XML", http("200 OK", "", "<outcome>refused</outcome>"), "parked bad_receipt");
        all(
                "Base64",
                http("200 OK", "", Base64.getEncoder().encode(REFUSED.getBytes(UTF_8))),
                "parked bad_receipt");
        all("UTF-16", http("200 OK", "", REFUSED.getBytes(UTF_16)), "parked bad_receipt");
        all(
                "UTF-16 without a mark",
                http("200 OK", "", REFUSED.getBytes(UTF_16LE)),
                "parked bad_receipt");
        all(
                "gzip that nothing tells of",
                http("200 OK", "", Gzip.of(REFUSED)),
                "parked bad_receipt");
        all(
                "gzip that is none",
                http("200 OK", "Content-Encoding: gzip", REFUSED),
                "parked bad_receipt");
        all(
                "gzip that is cut",
                http("200 OK", "Content-Encoding: gzip", cut(Gzip.of(REFUSED))),
                "parked bad_receipt");
        all(
                "Brotli",
                http("200 OK", "Content-Encoding: br", "\u000b\u0010\u0080refu"),
                "parked bad_receipt");
        all(
                "two encodings",
                http("200 OK", "Content-Encoding: gzip, gzip", Gzip.of(REFUSED)),
                "parked bad_receipt");
        all(
                "gzip as the framing",
                raw(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                        Gzip.of(REFUSED)),
                "parked bad_receipt");
        all(
                "an answer longer than 64 KiB",
                http(
                        "200 OK",
                        "",
                        "{\"outcome\":\"refused\",\"x\":\"" + "x".repeat(70_000) + "\"}"),
                "parked bad_receipt");
        all("half an object", http("200 OK", "", "{\"ok\":"), "parked bad_receipt");
        all(
                "what is kept, without an outcome",
                http("200 OK", "", "{\"retained\":[]}"),
                "parked bad_receipt");
        all(
                "a refusal under another name",
                http("200 OK", "", "{\"result\":\"refused\"}"),
                "parked bad_receipt");

        for (var odd :
                List.of(
                        "{\"type\":\"Buffer\",\"data\":" + numbers(REFUSED) + "}",
                        "{\"status\":\"nothingFound\"}",
                        "{\"status\":\"refused: identity_not_established\"}",
                        "{\"reason\":\"identity_not_established\"}",
                        "{\"retainedRecords\":[1]}",
                        "{\"OUT-COME\":1}",
                        "\"deleted\"",
                        "{\"outcome\":\"deleted\",\"Outcome\":\"refused\"}",
                        "{\"outcome\":\"deleted\",\"data\":{\"outcome\":\"refused\"}}",
                        "{\"outcome\":\"deleted\",\"ground\":\"legal_claims\"}")) {
            all(odd, http("200 OK", "", odd), "parked bad_receipt");
        }
        each(
                "a Retry-After that is no ASCII",
                raw("HTTP/1.1 200 OK\r\nRetry-After: sp\u00e4ter\r\nContent-Length: 2\r\n\r\n{}"),
                "accepted",
                "deleted ack",
                "deleted ack",
                "deleted ack");

        // Agreed statuses.
        each(
                "404 of an ingress",
                http("404 Not Found", "Content-Type: text/plain", "default backend - 404"),
                "held status_404",
                "held status_404",
                "held unidentified",
                "held unidentified");
        each(
                "404 as a page",
                http("404 Not Found", "Content-Type: text/html\r\nX-CRM: 7", PAGE),
                "held status_404",
                "held status_404",
                "held unidentified",
                "held unidentified");
        each(
                "404, empty",
                http("404 Not Found", "", ""),
                "held status_404",
                "held status_404",
                "held unidentified",
                "held unidentified");
        each(
                "404, empty, with the agreed header",
                http("404 Not Found", "x-crm: 7", ""),
                "held status_404",
                "held status_404",
                "held unidentified",
                "nothing_found ack");
        each(
                "404 in JSON",
                http("404 Not Found", "", "{\"error\":\"unknown user\"}"),
                "held status_404",
                "held status_404",
                "nothing_found ack",
                "nothing_found ack");
        each(
                "404 that refuses",
                http("404 Not Found", "", REFUSED),
                "held status_404",
                "held status_404",
                "parked bad_receipt",
                "parked bad_receipt");
        each(
                "404 in Brotli",
                http("404 Not Found", "Content-Encoding: br", "\u000b"),
                "held status_404",
                "held status_404",
                "parked bad_receipt",
                "parked bad_receipt");

        // No replies.
        all("no HTTP", raw("SSH-2.0-OpenSSH_9.6\r\n"), "again malformed");
        all(
                "half an answer",
                raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + DELETED),
                "again body");
        all("nothing at all", raw(""), "again reset");
        all("401 with an answer", http("401 Unauthorized", "", DELETED), "held status_401");
        all("500 with an answer", http("500 Oh", "", DELETED), "again status_500");
        all("302 to a page", http("302 Found", "Location: /login", PAGE), "held status_302");
        all("407", http("407 Proxy", "", ""), "parked status_407");
        all("421", http("421 Misdirected", "", ""), "held status_421");
    }

    @Test
    void nothing_more_is_said_than_was_said() throws IOException {
        try (var relay = new TestRelay();
                var raw = new RawServer(path -> cases.get(number(path)).reply())) {
            var table = new ArrayList<List<String>>();
            cases.forEach(each -> table.add(new ArrayList<>()));
            for (int i = 0; i < REGISTRATIONS.size(); i++) {
                register(relay, raw, i);
                relay.metaAsksToDelete("10210123456789" + i);
                while (relay.dispatchOnce() > 0) {
                    // A claim takes no more than there are slots.
                }
                for (int k = 0; k < cases.size(); k++) {
                    table.get(k).add(state(relay, "r" + i + "-" + k));
                }
            }
            write(table);
            for (int k = 0; k < cases.size(); k++) {
                assertThat(table.get(k)).as(cases.get(k).name()).isEqualTo(cases.get(k).comesTo());
            }
            assertThat(cases).hasSizeGreaterThan(30);
        }
    }

    @Test
    void a_test_delivery_says_of_each_what_a_real_one_comes_to() throws IOException {
        try (var relay = new TestRelay();
                var raw = new RawServer(path -> cases.get(number(path)).reply())) {
            for (int i = 0; i < REGISTRATIONS.size(); i++) {
                register(relay, raw, i);
                for (int k = 0; k < cases.size(); k++) {
                    var path = "/systems/r" + i + "-" + k + "/tests";
                    var at = relay.admin(path, "").headers().firstValue("Location").orElseThrow();
                    relay.dispatchOnce();
                    var steps =
                            Http.json(relay.admin(at.substring("/admin/v1".length()))).get("steps");
                    assertThat(steps.get(RESULT).get("step").textValue()).isEqualTo("result");
                    assertThat(steps.get(RESULT).get("detail").textValue())
                            .as(cases.get(k).name() + " under " + REGISTRATIONS.get(i))
                            .isEqualTo(sentence(cases.get(k).comesTo().get(i), steps.get(BODY)));
                }
            }
        }
    }

    @Test
    void an_operator_sees_why_a_delivery_is_in_doubt() throws IOException {
        try (var relay = new TestRelay();
                var raw = new RawServer(path -> http("200 OK", "Content-Type: text/html", PAGE))) {
            register(relay, raw, 1);
            var code = relay.metaAsksToDelete("1");
            relay.dispatchOnce();

            // Nor is the person told that the system has the request.
            assertThat(Http.send(relay.statusRequest(code, "text/html")).body())
                    .contains("We are looking into a problem with it.")
                    .doesNotContain("It has received your request");
            var listed =
                    Http.json(relay.admin("/deliveries?system=r1-0&state=awaiting_receipt"))
                            .at("/deliveries/0");
            assertThat(listed.get("reason").textValue()).isEqualTo("unclear");
            var shown = Http.json(relay.admin("/deliveries/" + listed.get("id").textValue()));
            assertThat(shown.at("/attempt_log/0/error").textValue()).isEqualTo("unclear");
            assertThat(shown.at("/attempt_log/0/reply").textValue()).isEqualTo("accepted");
            assertThat(shown.at("/attempt_log/0/answer").textValue()).isEqualTo(PAGE);
        }
    }

    @Test
    void an_operator_sees_which_rule_an_answer_breaks() throws IOException {
        var latin1 = "{\"outcome\":\"deleted\",\"note\":\"gelöscht\"}".getBytes(ISO_8859_1);
        var broken =
                List.of(
                        new Case(
                                "latin1",
                                http("200 OK", "", latin1),
                                List.of("body must be JSON in UTF-8")),
                        new Case(
                                "list",
                                http("200 OK", "", "[{\"outcome\":\"deleted\"}]"),
                                List.of(
                                        "outcome must be a field of the outermost JSON object,"
                                                + " spelt in lower case")),
                        new Case(
                                "past",
                                http(
                                        "200 OK",
                                        "",
                                        "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2020-01-01\"}]}"),
                                List.of(
                                        "retained[0].until must not be before the day of the"
                                                + " delivery")),
                        new Case(
                                "text",
                                http(
                                        "200 OK",
                                        "",
                                        "{\"outcome\":\"retained\",\"retained\":[\"invoices\"]}"),
                                List.of("retained[0] must be an object with category and ground")),
                        new Case(
                                "called encoded",
                                http("200 OK", "Content-Encoding: br", DELETED),
                                List.of(
                                        "body must be complete, and either unencoded or"
                                                + " encoded with gzip")),
                        new Case(
                                "agreed",
                                http("404 Not Found", "", DELETED),
                                List.of(
                                        "outcome must be the outcome agreed for the status, in a"
                                                + " complete body that is unencoded or encoded"
                                                + " with gzip")));
        try (var relay = new TestRelay();
                var raw = new RawServer(path -> broken.get(number(path)).reply())) {
            for (int i = 0; i < broken.size(); i++) {
                relay.register(
                        "systems: [{id: s%d, name: s, url: \"%s/%d\", answers: {404: nothing_found}, timeout: PT60S, secrets: [{value: %s}]}]"
                                .formatted(i, raw.url(), i, WEBHOOK_SECRET));
            }
            relay.register(TestRelay.app(List.of("s0", "s1", "s2", "s3", "s4", "s5")));
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            for (int i = 0; i < broken.size(); i++) {
                var listed =
                        Http.json(relay.admin("/deliveries?system=s" + i + "&state=parked"))
                                .at("/deliveries/0/id");
                assertThat(
                                Http.json(relay.admin("/deliveries/" + listed.textValue()))
                                        .at("/attempt_log/0/rule")
                                        .textValue())
                        .isEqualTo(broken.get(i).comesTo().getFirst());
            }
        }
    }

    /** An answer that can be read is a bad one only where its status is agreed to say another. */
    private static String sentence(String comesTo, JsonNode body) {
        return body.get("ok").booleanValue()
                ? sentence(comesTo)
                        .replace(
                                "The step body says which rule is broken",
                                "The body has another outcome than the one agreed for its status")
                : sentence(comesTo);
    }

    private static String sentence(String comesTo) {
        var words =
                comesTo.replaceFirst(
                                " unclear$",
                                " unclear. Only an empty body or a JSON object that reports no"
                                        + " failure acknowledges")
                        .replaceFirst(
                                " unidentified$",
                                " unidentified. Without a JSON body, or the header of"
                                        + " answers_header, anybody on the way may have sent this"
                                        + " status")
                        .replaceFirst(
                                " bad_receipt$",
                                " bad_receipt. The step body says which rule is broken")
                        .split(" ", 2);
        return switch (words[0]) {
            case "accepted" -> "accepted; a receipt would be expected";
            case "awaiting" -> "accepted; a receipt would be expected. In doubt: " + words[1];
            case "parked" -> "parked for an operator: " + words[1];
            case "held" -> "everything for the system held back: " + words[1];
            case "again" -> "sent again later: " + words[1];
            default -> "answered: " + words[0] + (words[1].equals("ack") ? ", as agreed" : "");
        };
    }

    private void register(TestRelay relay, RawServer raw, int registration) {
        var yaml = new StringBuilder("systems:\n");
        var ids = new ArrayList<String>();
        for (int i = 0; i < cases.size(); i++) {
            ids.add("r" + registration + "-" + i);
            yaml.append(
                    "  - {id: %s, name: x, url: \"%s/%d\", timeout: PT60S, secrets: [{value: %s}], %s}\n"
                            .formatted(
                                    ids.getLast(),
                                    raw.url(),
                                    i,
                                    WEBHOOK_SECRET,
                                    REGISTRATIONS.get(registration)));
        }
        relay.register(yaml + TestRelay.app(ids));
    }

    private static int number(String path) {
        return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    }

    /** What has become of a delivery that was sent to this system, in two words. */
    private static String state(TestRelay relay, String system) {
        return relay.texts(
                        """
                        SELECT CASE
                               WHEN d.state = 'closed' THEN d.outcome || ' ' || (
                                   SELECT c.basis FROM receipt c WHERE c.delivery_id = d.id)
                               WHEN d.state = 'awaiting_receipt' AND d.reason IS NULL THEN 'accepted'
                               WHEN d.state = 'awaiting_receipt' THEN 'awaiting ' || d.reason
                               WHEN d.state = 'parked' THEN 'parked ' || d.reason
                               WHEN g.held_reason IS NOT NULL THEN 'held ' || d.reason
                               ELSE 'again ' || d.reason END
                          FROM delivery d
                          LEFT JOIN system_gate g ON g.system_id = d.system_id
                         WHERE d.system_id = '%s' AND d.attempts > 0
                         LIMIT 1
                        """
                                .formatted(system))
                .getFirst();
    }

    private void write(List<List<String>> rows) throws IOException {
        var table = new StringBuilder("| reply | " + String.join(" | ", REGISTRATIONS) + " |\n|");
        table.append(" --- |".repeat(REGISTRATIONS.size() + 1)).append('\n');
        for (int k = 0; k < rows.size(); k++) {
            table.append("| " + cases.get(k).name() + " | ");
            table.append(String.join(" | ", rows.get(k)) + " |\n");
        }
        Files.writeString(Path.of("target/replies.md"), table);
    }

    private void all(String name, byte[] reply, String comesTo) {
        cases.add(new Case(name, reply, REGISTRATIONS.stream().map(each -> comesTo).toList()));
    }

    private void each(String name, byte[] reply, String... comesTo) {
        cases.add(new Case(name, reply, List.of(comesTo)));
    }

    /** As a program writes bytes that takes them for a list. */
    private static String numbers(String text) {
        var numbers = new ArrayList<Integer>();
        for (byte each : text.getBytes(UTF_8)) {
            numbers.add((int) each);
        }
        return numbers.toString();
    }

    private static byte[] http(String status, String headers, String body) {
        return http(status, headers, body.getBytes(UTF_8));
    }

    private static byte[] http(String status, String headers, byte[] body) {
        return raw(
                "HTTP/1.1 "
                        + status
                        + "\r\n"
                        + (headers.isEmpty() ? "" : headers + "\r\n")
                        + "Content-Length: "
                        + body.length
                        + "\r\nConnection: close\r\n\r\n",
                body);
    }

    private static byte[] chunked(String header, byte[] body) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(
                raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + header + "\r\n\r\n"));
        for (byte each : body) {
            bytes.writeBytes(raw("1\r\n", new byte[] {each}));
            bytes.writeBytes(raw("\r\n"));
        }
        bytes.writeBytes(raw("0\r\n\r\n"));
        return bytes.toByteArray();
    }

    private static byte[] raw(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static byte[] raw(String text, byte[] rest) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(raw(text));
        bytes.writeBytes(rest);
        return bytes.toByteArray();
    }

    private static byte[] cut(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length - 12);
    }
}
