package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import org.slf4j.LoggerFactory;

import java.net.http.HttpRequest;
import java.util.List;

/** What is refused stands in the log: who sets a system up looks there first. */
class RefusalsIT {

    private static final String SECRET_VALUE = "102101234567890";

    private final ListAppender<ILoggingEvent> told = new ListAppender<>();
    private final Logger logger =
            (Logger) LoggerFactory.getLogger("net.cartback.deletion.web.Refusals");
    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm").answers(202, "");
        relay = new TestRelay().register(crm);
        told.start();
        logger.addAppender(told);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(told);
        relay.close();
        crm.close();
    }

    @Test
    void a_callback_under_a_wrong_secret_names_the_app_and_what_to_look_at() {
        for (int i = 0; i < 5; i++) {
            assertThat(relay.callback(forged()).statusCode()).isEqualTo(400);
        }
        var line = only();
        assertThat(line.getLevel()).isEqualTo(Level.WARN);
        assertThat(line.getFormattedMessage()).contains("is the app's secret");
        assertThat(fields(line))
                .contains(
                        "route=\"POST /meta/{app_id}/data-deletion\"",
                        "problem=\"bad-signature\"",
                        "concerned=\"app " + TestRelay.APP_ID + "\"",
                        "status=\"400\"",
                        "count=\"1\"")
                .doesNotContain(SECRET_VALUE);
    }

    @Test
    void an_app_that_is_not_registered_is_told_without_its_id() {
        Http.send(relay.callbackRequest("5550000555", forged()));
        assertThat(fields(only())).contains("problem=\"unknown-app\"").doesNotContain("5550000555");
    }

    @Test
    void a_receipt_under_a_wrong_secret_names_the_system_the_delivery_and_the_rule() {
        relay.callback(relay.signedRequest("somebody"));
        relay.dispatchOnce();
        var id = relay.texts("SELECT id::text FROM delivery").getFirst();
        relay.receipt(id, "whsec_" + "A".repeat(32), "{\"outcome\":\"deleted\"}");
        assertThat(fields(only()))
                .contains(
                        "concerned=\"system crm\"",
                        "field=\"webhook-signature\"",
                        "status=\"401\"",
                        "delivery_id=\"" + id + "\"")
                .doesNotContain("A".repeat(32));
        assertThat(only().getFormattedMessage()).contains("made with another secret");
    }

    @Test
    void a_call_of_the_admin_api_without_a_token_is_told() {
        Http.send(HttpRequest.newBuilder(relay.uri("/admin/v1/systems")).build());
        assertThat(fields(only()))
                .contains("problem=\"not-authenticated\"", "route=\"GET /admin/v1/systems\"");
    }

    @Test
    void a_code_that_a_person_mistypes_is_no_line() {
        Http.send(
                HttpRequest.newBuilder(relay.uri("/status/7K3M9Q2XVB4T8WZC5N6R1YHDJF"))
                        .header("Accept", "text/html")
                        .build());
        assertThat(told.list).isEmpty();
    }

    private String forged() {
        var signed = relay.signedRequest(SECRET_VALUE);
        return (signed.charAt(0) == 'A' ? 'B' : 'A') + signed.substring(1);
    }

    private ILoggingEvent only() {
        await().until(() -> !told.list.isEmpty());
        assertThat(told.list).hasSize(1);
        return told.list.getFirst();
    }

    private static String fields(ILoggingEvent line) {
        return List.copyOf(line.getKeyValuePairs()).toString();
    }
}
