package net.cartback.deletion.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.dispatch.protocol.HttpReply;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.dispatch.protocol.ReplyTable;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Tls;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.Kind;

import okhttp3.Headers;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

class DispatchRulesTest {

    private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");

    // The schedule

    @ParameterizedTest
    @CsvSource({
        "1, PT5S",
        "2, PT30S",
        "3, PT2M",
        "4, PT10M",
        "5, PT30M",
        "6, PT2H",
        "7, PT6H",
        "8, PT12H",
        "9, PT24H",
        "10, PT24H",
        "100, PT24H",
        "1000000, PT24H"
    })
    void each_delay_is_within_a_fifth_of_its_row_and_there_is_always_another(
            int attempt, Duration delay) {
        var random = new Random(attempt);
        long min = Long.MAX_VALUE;
        long max = 0;
        for (int i = 0; i < 1000; i++) {
            long drawn = RetrySchedule.after(attempt, random).toMillis();
            min = Math.min(min, drawn);
            max = Math.max(max, drawn);
        }
        assertThat(min).isBetween(delay.toMillis() * 80 / 100, delay.toMillis() * 82 / 100);
        assertThat(max).isBetween(delay.toMillis() * 118 / 100, delay.toMillis() * 120 / 100);
    }

    // The reply table

    @Test
    void a_2xx_with_an_outcome_is_a_receipt_in_the_reply() {
        assertThat(read(200, "{\"outcome\":\"nothing_found\"}"))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.IN_REPLY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"status\":\"deleted\"}", "{\"id\":7}"})
    void a_2xx_without_an_outcome_is_only_accepted(String body) {
        assertThat(read(202, body)).isEqualTo(new Reply.Accepted(null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ok", "<html>", "[]", "null", "1", " ", "\"ok\"", "[{\"ok\":true}]"})
    void a_2xx_that_is_no_answer_is_accepted_in_doubt(String body) {
        assertThat(read(202, body)).isEqualTo(new Reply.Accepted(ErrorClass.UNCLEAR));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"outcome\":\"done\"}",
                "{\"outcome\":null}",
                "{\"outcome\":\"unconfirmed\"}",
                "{\"outcome\":\"retained\"}",
                "{\"outcome\":\"refused\"}",
                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"x\",\"ground\":\"archiving\"}]}"
            })
    void a_2xx_with_an_unacceptable_outcome_is_a_bad_receipt(String body) {
        assertThat(read(200, body)).isEqualTo(new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT));
    }

    @Test
    void an_acknowledgement_means_deleted_only_where_that_is_agreed_and_a_body_beats_it() {
        var agreed = system(AckMeans.DELETED, Map.of());

        assertThat(read(agreed, 204, "")).isEqualTo(new Reply.Answered(Answer.DELETED, Basis.ACK));
        assertThat(read(agreed, 200, "{\"outcome\":\"nothing_found\"}"))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.IN_REPLY));
    }

    @Test
    void a_body_that_cannot_be_read_never_passes_as_deleted() {
        var agreed = system(AckMeans.DELETED, Map.of());

        for (var unreadable :
                List.of(
                        "{\"outcome\":\"refused\"",
                        "\uFEFF{\"outcome\":\"refused\"",
                        " {\"outcome\":\"refused\",\"outcome\":\"x\"}")) {
            assertThat(read(agreed, 200, unreadable))
                    .isEqualTo(new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"success\":false}",
                "{\"ok\":0}",
                "{\"deleted\":false}",
                "{\"error\":\"no such user\"}",
                "{\"errors\":[{\"message\":\"forbidden\"}],\"data\":null}",
                "{\"status\":\"Error\"}",
                "{\"data\":{\"result\":\"failed\"}}"
            })
    void a_body_that_reports_a_failure_acknowledges_nothing(String body) {
        assertThat(read(system(AckMeans.DELETED, Map.of()), 200, body))
                .isEqualTo(new Reply.Accepted(ErrorClass.UNCLEAR));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"error\":null}", "{\"errors\":[]}", "{\"ok\":true,\"error\":\"\"}"})
    void a_body_that_reports_no_failure_acknowledges(String body) {
        assertThat(read(system(AckMeans.DELETED, Map.of()), 200, body))
                .isEqualTo(new Reply.Answered(Answer.DELETED, Basis.ACK));
    }

    @Test
    void an_agreed_status_counts_where_the_client_itself_can_be_seen() {
        var agreed = system(AckMeans.ACCEPTED, Map.of(404, "nothing_found", 410, "deleted"));
        var header = Headers.of("X-CRM", "7");

        assertThat(read(agreed, 404, "{\"error\":\"unknown\"}"))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.ACK));
        assertThat(read(agreed, 410, header, ""))
                .isEqualTo(new Reply.Answered(Answer.DELETED, Basis.ACK));
        assertThat(read(agreed, 404, "{\"outcome\":\"nothing_found\"}"))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.ACK));
    }

    @Test
    void an_agreed_status_from_anybody_on_the_way_is_the_systems_fault() {
        var agreed = system(AckMeans.DELETED, Map.of(404, "nothing_found"));
        var header = Headers.of("X-CRM", "7");
        var fault = new Reply.SystemAtFault(ErrorClass.UNIDENTIFIED);

        assertThat(read(agreed, 404, "")).isEqualTo(fault);
        assertThat(read(agreed, 404, "default backend - 404")).isEqualTo(fault);
        assertThat(read(agreed, 404, "404")).isEqualTo(fault);
        assertThat(read(agreed, 404, header, "<html>")).isEqualTo(fault);
    }

    /** A notice is taken by it; of a person it says only that this delivery was not. */
    @Test
    void an_agreed_status_means_what_it_means_for_what_was_sent() {
        var agreed = system(AckMeans.DELETED, Map.of(404, "nothing_found"));
        var header = Headers.of("X-CRM", "7");
        var anybody = new Reply.SystemAtFault(ErrorClass.UNIDENTIFIED);

        assertThat(read(Kind.DEAUTHORIZATION, agreed, 404, header, ""))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.ACK));
        assertThat(read(Kind.PERSON, agreed, 404, header, ""))
                .isEqualTo(new Reply.DeliveryAtFault(ErrorClass.STATUS));
        for (var kind : List.of(Kind.DEAUTHORIZATION, Kind.PERSON)) {
            assertThat(read(kind, agreed, 404, Headers.of(), "")).isEqualTo(anybody);
        }
        assertThat(read(Kind.PERSON, agreed, 204, Headers.of(), ""))
                .isEqualTo(new Reply.Accepted(null));
    }

    @Test
    void an_agreed_status_with_another_outcome_in_its_body_is_a_bad_receipt() {
        var agreed = system(AckMeans.ACCEPTED, Map.of(404, "nothing_found"));

        for (var body :
                List.of(
                        "{\"outcome\":\"refused\",\"ground\":\"legal_obligation\"}",
                        "{\"outcome\":\"gone\"}",
                        "[{\"outcome\":\"nothing_found\"}]",
                        "{\"retained\":[]}")) {
            assertThat(read(agreed, 404, body))
                    .isEqualTo(new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT));
        }
    }

    @Test
    void what_was_agreed_on_statuses_of_networks_holds_no_longer() {
        var agreed = system(AckMeans.ACCEPTED, Map.of(403, "nothing_found", 503, "deleted"));

        assertThat(read(agreed, 403, "{\"message\":\"Forbidden\"}"))
                .isEqualTo(new Reply.SystemAtFault(ErrorClass.STATUS));
        assertThat(read(agreed, 503, "{}")).isEqualTo(new Reply.TryAgain(ErrorClass.STATUS));
    }

    @Test
    void an_agreed_2xx_of_unknown_origin_is_accepted_in_doubt() {
        var agreed = system(AckMeans.DELETED, Map.of(204, "nothing_found"));

        assertThat(read(agreed, 204, "")).isEqualTo(new Reply.Accepted(ErrorClass.UNIDENTIFIED));
        assertThat(read(agreed, 204, Headers.of("x-crm", ""), ""))
                .isEqualTo(new Reply.Answered(Answer.NOTHING_FOUND, Basis.ACK));
    }

    @ParameterizedTest
    @CsvSource({
        "408, try_again",
        "425, try_again",
        "500, try_again",
        "502, try_again",
        "503, try_again",
        "504, try_again",
        "599, try_again",
        "429, throttled",
        "401, system_at_fault",
        "403, system_at_fault",
        "404, system_at_fault",
        "405, system_at_fault",
        "410, system_at_fault",
        "421, system_at_fault",
        "301, system_at_fault",
        "302, system_at_fault",
        "307, system_at_fault",
        "308, system_at_fault",
        "400, delivery_at_fault",
        "413, delivery_at_fault",
        "415, delivery_at_fault",
        "422, delivery_at_fault",
        "402, delivery_at_fault",
        "418, delivery_at_fault",
        "451, delivery_at_fault"
    })
    void every_other_status_has_one_row(int status, String replyClass) {
        var reply = read(status, "{\"outcome\":\"deleted\"}");

        assertThat(reply.replyClass().wireName()).isEqualTo(replyClass);
        assertThat(reply.error()).isEqualTo(ErrorClass.STATUS);
    }

    @ParameterizedTest
    @CsvSource({
        "120, PT2M",
        "0, PT0S",
        "999999999, PT24H",
        "'Tue, 24 Nov 2026 00:10:00 GMT', PT10M",
        "'Mon, 23 Nov 2026 00:00:00 GMT', PT0S",
        "'Tue, 24 Nov 2099 00:00:00 GMT', PT24H"
    })
    void retry_after_is_read_as_seconds_or_date_and_capped_at_a_day(String header, Duration wait) {
        var reply = new HttpReply(503, Headers.of(), new HttpReply.Body.Whole(new byte[0]), header);

        assertThat(
                        ReplyTable.read(
                                Kind.DELETION,
                                system(AckMeans.ACCEPTED, Map.of()),
                                reply,
                                NOW,
                                NOW))
                .isEqualTo(new Reply.Throttled(wait));
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-5", "1.5", "", "99999999999999999999999", "Tue, 99 Nov 2026"})
    void a_retry_after_that_cannot_be_read_says_nothing(String header) {
        assertThat(ReplyTable.duration(header, NOW)).isNull();
    }

    // The addresses

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.255.254",
                "0.0.0.0",
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "192.0.0.8",
                "192.0.2.1",
                "198.18.0.1",
                "198.51.100.7",
                "203.0.113.7",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "fe80::1",
                "fc00::1",
                "fd12::1",
                "ff02::1",
                "2001:db8::1",
                "2002:7f00:1::",
                "64:ff9b::7f00:1",
                "2001::1",
                "fec0::1"
            })
    void what_is_not_the_public_internet_is_refused(String address) throws UnknownHostException {
        assertThat(OutboundRules.allowing("").permits(InetAddress.getByName(address), true))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8.8.8.8",
                "172.32.0.1",
                "100.128.0.1",
                "2606:4700::1111",
                "2a00::1",
                "64:ff9b::8.8.8.8"
            })
    void the_public_internet_is_permitted_encrypted_only(String address)
            throws UnknownHostException {
        var rules = OutboundRules.allowing("");

        assertThat(rules.permits(InetAddress.getByName(address), true)).isTrue();
        assertThat(rules.permits(InetAddress.getByName(address), false)).isFalse();
    }

    @Test
    void an_exception_holds_for_its_range_and_for_plain_http() throws UnknownHostException {
        var rules = OutboundRules.allowing("10.2.0.0/15, fd00::/8");

        assertThat(rules.permits(InetAddress.getByName("10.3.255.255"), false)).isTrue();
        assertThat(rules.permits(InetAddress.getByName("10.4.0.0"), true)).isFalse();
        assertThat(rules.permits(InetAddress.getByName("fd99::1"), false)).isTrue();
    }

    @Test
    void an_address_of_ipv4_inside_one_of_ipv6_is_judged_as_itself() throws UnknownHostException {
        var rules = OutboundRules.allowing("10.0.0.0/8, 64:ff9b::/96");

        assertThat(rules.permits(InetAddress.getByName("64:ff9b::10.1.2.3"), false)).isTrue();
        assertThat(rules.permits(InetAddress.getByName("64:ff9b::192.168.1.1"), true)).isFalse();
        assertThat(rules.permits(InetAddress.getByName("64:ff9b::127.0.0.1"), true)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "localhost",
                "10.0.0.0/8/8",
                "10.0.0/8",
                ",",
                "::/129",
                "/8"
            })
    void a_range_that_is_none_is_refused(String range) {
        assertThatThrownBy(() -> OutboundRules.allowing(range))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Reply read(int status, String body) {
        return read(system(AckMeans.ACCEPTED, Map.of()), status, body);
    }

    @Test
    void what_is_kept_until_a_day_before_the_delivery_is_a_mistake_and_stays_one() {
        var body =
                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"%s\"}]}";
        var day = LocalDate.ofInstant(NOW, ZoneOffset.UTC);
        var accepting = system(AckMeans.ACCEPTED, Map.of());
        for (var right : List.of(day, day.plusDays(1), day.plusYears(9))) {
            assertThat(read(accepting, 200, body.formatted(right)))
                    .as(right.toString())
                    .isInstanceOf(Reply.Answered.class);
        }
        for (var wrong : List.of(day.minusDays(2), day.minusYears(6))) {
            assertThat(read(accepting, 200, body.formatted(wrong)))
                    .as(wrong.toString())
                    .isEqualTo(new Reply.DeliveryAtFault(ErrorClass.BAD_RECEIPT));
        }
        // The same answer, years later: what it means does not change.
        assertThat(AnswerReading.of(bytes(body.formatted(day.plusDays(1)))).toDeliveryOf(NOW))
                .isInstanceOf(AnswerReading.Read.class);
    }

    private static Reply read(ClientSystem system, int status, String body) {
        return read(system, status, Headers.of(), body);
    }

    private static Reply read(ClientSystem system, int status, Headers headers, String body) {
        return read(Kind.DELETION, system, status, headers, body);
    }

    private static Reply read(
            Kind kind, ClientSystem system, int status, Headers headers, String body) {
        return ReplyTable.read(
                kind,
                system,
                new HttpReply(status, headers, new HttpReply.Body.Whole(bytes(body)), null),
                NOW,
                NOW);
    }

    private static ClientSystem system(AckMeans ackMeans, Map<Integer, String> answers) {
        return new ClientSystem(
                new ClientSystemId("crm"),
                "CRM",
                URI.create("https://crm.example.com"),
                new ClientSystem.Credential.WebhookSecrets(List.of()),
                Set.of(),
                Set.of(),
                ackMeans,
                answers,
                "X-CRM",
                1,
                Duration.ofSeconds(15),
                Duration.ofDays(7),
                Tls.USUAL);
    }

    private static byte[] bytes(@Nullable String text) {
        return String.valueOf(text).getBytes(UTF_8);
    }
}
