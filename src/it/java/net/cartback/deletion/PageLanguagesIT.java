package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Which words a reader gets, and who gets no page at all. */
class PageLanguagesIT {

    private static final String BROWSER =
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/status",
                "/status/wrong",
                "/status/wrong/proof",
                "/nowhere",
                "/meta/" + TestRelay.APP_ID,
                "/meta/" + TestRelay.APP_ID + "/deauthorize",
                "/meta/999"
            })
    void a_page_is_in_the_language_that_the_browser_likes(String path) {
        var reply = open(path, BROWSER, "xx, de-AT;q=0.9, en;q=broken");

        assertThat(reply.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        assertThat(reply.headers().firstValue("Content-Language")).hasValue("de");
        assertThat(reply.headers().firstValue("Vary")).hasValue("Accept, Accept-Language");
        assertThat(reply.headers().firstValueAsLong("Content-Length")).isPresent();
        assertThat(reply.body()).contains("<html lang=\"de\" dir=\"ltr\">");
    }

    @Test
    void a_choice_goes_on_from_page_to_page() {
        var code = relay.metaAsksToDelete("1");
        var field = open("/status?lang=ar", BROWSER, "de");
        assertThat(field.body())
                .contains("dir=\"rtl\"", "name=\"lang\" value=\"ar\"", "href=\"/?lang=ar\"");
        var entered = open("/status?code=" + code + "&lang=ar", BROWSER, "de");
        assertThat(entered.statusCode()).isEqualTo(303);
        assertThat(entered.headers().firstValue("Location"))
                .hasValue("/status/" + code + "?lang=ar");
        assertThat(open("/status/wrong?lang=ar", BROWSER, "de").body())
                .contains("href=\"/status?lang=ar\"");
        assertThat(open("/status?code=" + code, BROWSER, "de").headers().firstValue("Location"))
                .hasValue("/status/" + code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/status?lang=",
                "/status?lang=de&lang=fr",
                "/status?lang=%0d%0aX:y",
                "/status?lang=%3Cscript%3E",
                "/status?lang=..%2f..%2fetc"
            })
    void an_odd_choice_does_no_harm(String path) {
        var reply = open(path, BROWSER, "ja");

        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(reply.headers().firstValue("Content-Language").orElse("")).isIn("ja", "de");
        assertThat(reply.body()).doesNotContain("<script", "etc");
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/*", "application/json", "application/json, text/html;q=0.5"})
    void machines_get_no_page_when_something_is_wrong(String accept) {
        // Whoever says nothing else than "anything" of a status is a person with an old browser.
        var status = accept.startsWith("*") ? "/status/wrong/proof" : "/status/wrong";
        for (var path : new String[] {status, "/nowhere", "/meta/999", "/receipts/1"}) {
            assertThat(open(path, accept, "de").headers().firstValue("Content-Type"))
                    .as(path)
                    .hasValue("application/problem+json");
        }
        var posted =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/meta/999/data-deletion"))
                                .header("Accept", BROWSER)
                                .POST(HttpRequest.BodyPublishers.ofString("x"))
                                .build());
        assertThat(posted.headers().firstValue("Content-Type"))
                .hasValue("application/problem+json");
    }

    @Test
    void who_posts_to_a_page_is_not_told_of_a_code() {
        var reply =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri("/status"))
                                .header("Accept", BROWSER)
                                .POST(HttpRequest.BodyPublishers.ofString("x"))
                                .build());
        assertThat(reply.statusCode()).isEqualTo(405);
        assertThat(reply.body()).contains("This page does not exist");
    }

    @Test
    void a_system_without_a_public_name_is_a_number_in_the_language() {
        relay.register(
                "systems: [{id: crm, name: crm, url: \"%s\", secrets: [{value: %s}]}]"
                        .formatted(crm.url(), crm.secret()));
        var code = relay.metaAsksToDelete("1");

        assertThat(open("/status/" + code, BROWSER, "de").body())
                .contains("<h3>Organisation <bdi dir=\"ltr\">1</bdi></h3>")
                .doesNotContain("Connected system");
    }

    @Test
    void an_answer_that_is_contradicted_or_asked_for_again_is_told_as_such() {
        var code = relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        relay.receipt(delivery, crm.secret(), "{\"outcome\":\"deleted\"}");
        relay.clock().advance(Duration.ofMinutes(1));
        relay.receipt(delivery, crm.secret(), "{\"outcome\":\"nothing_found\"}");
        assertThat(open("/status/" + code, BROWSER, "en").body())
                .contains("It has since given us another answer");

        relay.admin("/systems/crm/redeliver", "\"closed_since\": \"2020-01-01T00:00:00Z\"");
        assertThat(open("/status/" + code, BROWSER, "en").body())
                .contains("An organisation has to answer again", "It answered before, on")
                .doesNotContain("It has since given us another answer");
    }

    @Test
    void neither_a_code_nor_the_languages_of_a_browser_enter_a_log() {
        var log = new ListAppender<ILoggingEvent>();
        var ours = (Logger) LoggerFactory.getLogger("net.cartback");
        log.start();
        ours.addAppender(log);
        ours.setLevel(Level.TRACE);
        var code = relay.metaAsksToDelete("1");
        try {
            for (var path :
                    List.of(
                            "/status/" + code,
                            "/status/" + code + "x",
                            "/status/" + code + "/proof",
                            "/status/" + code + "/nowhere",
                            "/status?code=" + code,
                            "/nowhere/" + code)) {
                open(path, BROWSER, "de-x-secret");
                open(path, "application/json", "de-x-secret");
            }
            ours.info("A line, so that the test sees that it would see one");
        } finally {
            ours.detachAppender(log);
            ours.setLevel(Level.INFO);
        }
        assertThat(log.list).isNotEmpty();
        assertThat(log.list)
                .allSatisfy(
                        event ->
                                assertThat(
                                                event.getFormattedMessage()
                                                        + event.getKeyValuePairs()
                                                        + event.getThrowableProxy())
                                        .doesNotContain(code, "de-x-secret"));
    }

    private HttpResponse<String> open(String path, String accept, String languages) {
        return Http.sendUnchecked(
                HttpRequest.newBuilder(relay.uri(path))
                        .header("Accept", accept)
                        .header("Accept-Language", languages)
                        .build());
    }
}
