package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;

/** The addresses that people and machines use, as they use them. */
class AddressesIT {

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(202, "");
        relay = new TestRelay().register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
    }

    @Test
    void who_has_only_the_host_finds_the_field() {
        var reply = Http.send(HttpRequest.newBuilder(relay.uri("/")).build());

        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(reply.body()).contains("action=\"/status\"");
        assertThat(raw("HEAD / HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/meta/%s/data-deletion/",
                "//meta/%s/data-deletion",
                "/meta//%s/data-deletion//"
            })
    void a_slash_too_many_in_a_callbacks_address_loses_nothing(String path) {
        var request = relay.callbackRequest(TestRelay.APP_ID, relay.signedRequest("1"));

        var reply =
                Http.send(
                        HttpRequest.newBuilder(request, (name, value) -> true)
                                .uri(relay.uri(path.formatted(TestRelay.APP_ID)))
                                .build());

        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(1);
    }

    @Test
    void both_callbacks_explain_themselves_to_who_opens_them() {
        for (var callback : new String[] {"data-deletion", "deauthorize"}) {
            for (var method : new String[] {"GET", "HEAD"}) {
                var reply =
                        Http.send(
                                HttpRequest.newBuilder(
                                                relay.uri(
                                                        "/meta/"
                                                                + TestRelay.APP_ID
                                                                + "/"
                                                                + callback))
                                        .method(method, HttpRequest.BodyPublishers.noBody())
                                        .build());

                assertThat(reply.statusCode()).as(method + " " + callback).isEqualTo(200);
                assertThat(reply.headers().firstValue("Content-Type"))
                        .contains("text/html;charset=utf-8");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%s.",
                "(%s)",
                "\u201E%s\u201C",
                "<%s>",
                "\u00A0%s\u00A0",
                "\uFEFF%s\u200B",
                "*%s*",
                "%s\r\n",
                "`%s`,",
                "%s%%",
                "\u02BC%s\u02BC",
                "https://deletion.example/status/%s?from=mail",
                "<https://deletion.example/status/%s/proof>"
            })
    void a_code_is_found_whatever_surrounds_it(String form) {
        var code = relay.metaAsksToDelete("1");

        if (!form.contains("/")) {
            assertThat(page("/status/" + encoded(form.formatted(code))).statusCode())
                    .isEqualTo(200);
        }
        var entered = page("/status?code=" + encoded(form.formatted(code)));
        assertThat(entered.headers().firstValue("Location")).contains("/status/" + code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                " ", "-", "\u2013", "\u00AD", "\t", "\n", ".", "\u200B", "\u2009", "_", " / "
            })
    void a_code_is_found_whatever_divides_it(String between) {
        var code = relay.metaAsksToDelete("1");
        var divided = new StringBuilder();
        for (int i = 0; i < code.length(); i++) {
            divided.append(i > 0 && i % 4 == 0 ? between : "").append(code.charAt(i));
        }

        var entered = page("/status?code=" + encoded(divided.toString().toLowerCase(Locale.ROOT)));

        assertThat(entered.headers().firstValue("Location")).contains("/status/" + code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/status/nothing",
                "/status/ABC%",
                "/status/ABC%0",
                "/status/ABC%00",
                "/status/%zz",
                "/status/a;b/..;/c",
                "/status/a/b/c",
                "/status/nothing/proof",
                "/status/x%2Fy",
                "/status/%FF",
                "/status/..%2f..%2fetc",
                "/status//x//y"
            })
    void everything_under_the_status_is_a_page_for_who_asks_for_one(String path) {
        var reply =
                raw(
                        "GET "
                                + path
                                + " HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Accept: text/html\r\n"
                                + "Connection: close\r\n\r\n");

        assertThat(reply)
                .matches("(?s)HTTP/1.1 4\\d\\d .*")
                .contains("text/html", "<h1>")
                .contains("X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer");
        assertThat(
                        raw(
                                "GET "
                                        + path
                                        + " HTTP/1.1\r\n"
                                        + "Host: x\r\n"
                                        + "Accept: application/json\r\n"
                                        + "Connection: close\r\n\r\n"))
                .matches("(?s)HTTP/1.1 4\\d\\d .*")
                .contains("application/problem+json");
    }

    /** Also where the server refuses the address before any route has seen it. */
    @ParameterizedTest
    @ValueSource(strings = {"/status/nothing", "/status/%FF", "/status/ABC%00", "/%FF"})
    void a_page_of_what_is_wrong_is_in_the_chosen_language(String path) {
        for (var query : List.of("?lang=ar", "?code=x&lang=ar")) {
            assertThat(
                            raw(
                                    "GET "
                                            + path
                                            + query
                                            + " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                                            + "Accept-Language: de\r\nConnection: close\r\n\r\n"))
                    .contains("<html lang=\"ar\" dir=\"rtl\">");
        }
    }

    @Test
    void an_address_that_is_too_long_is_a_page() {
        assertThat(
                        raw(
                                "GET /status/"
                                        + "A".repeat(20_000)
                                        + " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"))
                .matches("(?s)HTTP/1.1 4(14|31) .*")
                .contains("text/html", "<h1>");
    }

    @Test
    void an_address_with_a_stray_percent_sign_leads_where_it_says() {
        var code = relay.metaAsksToDelete("1");

        assertThat(
                        raw(
                                "GET /status/"
                                        + code
                                        + "% HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                                        + "Connection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .contains("<h1>");
    }

    @Test
    void cookies_up_to_16_kib_are_taken_and_more_is_told_in_a_page() {
        var code = relay.metaAsksToDelete("1");

        assertThat(withCookies(code, 15_000)).startsWith("HTTP/1.1 200").contains("<h1>");
        assertThat(withCookies(code, 20_000)).startsWith("HTTP/1.1 431").contains("<h1>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"", "application/json; q = 0.9", ";", "text/html;q=\"", ",,,"})
    void a_wish_that_cannot_be_read_is_none(String accept) {
        var code = relay.metaAsksToDelete("1");

        assertThat(page("/status/" + code, accept).statusCode()).isEqualTo(200);
    }

    @Test
    void the_id_of_a_delivery_is_the_same_in_capitals() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var id = crm.received().getFirst().webhookId().toUpperCase(Locale.ROOT);

        var shown = relay.admin("/deliveries/" + id);
        assertThat(shown.statusCode()).as(shown.body()).isEqualTo(200);
        var reply =
                Http.send(
                        relay.receiptRequest(
                                id,
                                id,
                                crm.secret(),
                                relay.clock().instant(),
                                "{\"outcome\":\"deleted\"}"));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(204);
    }

    private String withCookies(String code, int length) {
        return raw(
                "GET /status/"
                        + code
                        + " HTTP/1.1\r\n"
                        + "Host: x\r\n"
                        + "Accept: text/html\r\n"
                        + "Connection: close\r\n"
                        + "Cookie: a="
                        + "x".repeat(length)
                        + "\r\n\r\n");
    }

    private HttpResponse<String> page(String path) {
        return page(path, "text/html,application/xhtml+xml,*/*;q=0.8");
    }

    private HttpResponse<String> page(String path, String accept) {
        return Http.send(HttpRequest.newBuilder(relay.uri(path)).header("Accept", accept).build());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8).replace("+", "%20");
    }

    /** Sends bytes and reads until the other side closes. */
    private String raw(String request) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), relay.uri("/").getPort())) {
            socket.setSoTimeout(120_000);
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
