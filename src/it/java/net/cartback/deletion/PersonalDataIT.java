package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.SurlyMailHost;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

class PersonalDataIT {

    /** It quotes whom it does not know. */
    private final SurlyMailHost surly =
            new SurlyMailHost(Map.of("RCPT", "550 5.1.1 <dana@example.com> unknown"));

    @AfterEach
    void close() {
        surly.close();
    }

    private static final String PERSON = "10210123456789012";

    @Test
    void a_persons_id_is_in_no_log_line_metric_error_body_or_plain_column() {
        try (var crm = new FakeClientSystem("crm").failsThenAnswers(1, 202, "");
                var shop =
                        new FakeClientSystem("shop")
                                .answers(200, "{\"outcome\":\"" + PERSON + "\"}")) {
            assertNothingTells(
                    List.of(PERSON),
                    (relay, told) -> {
                        relay.register(crm, shop);
                        var code = relay.metaAsksToDelete(PERSON);
                        var signed = relay.signedRequest(PERSON);
                        told.add(relay.callback(signed + "x").body());
                        told.add(relay.callback(signed.substring(1)).body());
                        told.add(Http.sendUnchecked(relay.callbackRequest(PERSON, signed)).body());
                        relay.dispatchOnce();
                        relay.clock().advance(Duration.ofSeconds(10));
                        relay.dispatchOnce();
                        var delivery = crm.received().getFirst().webhookId();
                        told.add(
                                relay.receipt(
                                                delivery,
                                                crm.secret(),
                                                "{\"outcome\":\"" + PERSON + "\"}")
                                        .body());
                        told.add(
                                relay.receipt(
                                                delivery,
                                                shop.secret(),
                                                "{\"user\":\"" + PERSON + "\"}")
                                        .body());
                        told.add(Http.send(relay.statusRequest(PERSON, "text/html")).body());
                        told.add(Http.send(relay.statusRequest(PERSON, "application/json")).body());
                        relay.receipt(
                                delivery,
                                crm.secret(),
                                "{\"outcome\":\"deleted\",\"note\":\"" + PERSON + "\"}");
                        // An unexpected failure, too: a column that is gone.
                        relay.database()
                                .withHandle(
                                        handle ->
                                                handle.execute(
                                                        "ALTER TABLE deletion_request RENAME"
                                                                + " requested_at TO gone"));
                        told.add(
                                Http.sendUnchecked(
                                                relay.callbackRequest(
                                                        TestRelay.APP_ID,
                                                        relay.signedRequest(PERSON + "1")))
                                        .body());
                        relay.database()
                                .withHandle(
                                        handle ->
                                                handle.execute(
                                                        "ALTER TABLE deletion_request RENAME gone"
                                                                + " TO requested_at"));
                        told.add(Http.send(relay.statusRequest(code, "text/html")).body());
                        told.add(relay.status(code).toString());
                    });
        }
    }

    /** What a person has written to the agency, and by what the person may be found. */
    @Test
    void nothing_of_a_case_is_in_a_log_line_metric_error_body_or_plain_column() {
        var personal =
                List.of(
                        "dana@example.com",
                        "alice@example.com",
                        "+19075550100",
                        "dana.example",
                        "Dana Example",
                        "the photographs of Ketchikan");
        try (var crm = new FakeClientSystem("crm").failsThenAnswers(1, 202, "");
                var shop = new FakeClientSystem("shop").answers(200, "dana@example.com")) {
            assertNothingTells(
                    personal,
                    (relay, told) -> {
                        relay.register(crm, shop);
                        relay.register(
                                """
                                systems:
                                  - {id: crm, events: [person], accepts: [email, phone, full_name]}
                                  - {id: shop, events: [person], accepts: [email]}
                                """);
                        var fields =
                                """
                                "channel": "letter", "received_at": "%s", "right": "erasure",
                                "apps": ["1234567890"], "wish": "the photographs of Ketchikan",
                                "identifiers": [
                                  {"type": "email", "value": "dana@example.com", "verified": "operator_letter"},
                                  {"type": "phone", "value": "+1 907 555 0100", "verified": "operator_call_back"},
                                  {"type": "instagram_username", "value": "dana.example"},
                                  {"type": "full_name", "value": "Dana Example"}],
                                "notify": "dana@example.com"
                                """
                                        .formatted(relay.clock().instant());
                        var entered = relay.adminOnce("/cases", "1", fields);
                        assertThat(entered.statusCode()).as(entered.body()).isEqualTo(201);
                        told.add(entered.body());
                        told.add(relay.adminOnce("/cases", "2", fields).body());
                        for (var wrong : List.of("letter", "erasure", "1234567890", "full_name")) {
                            var refused =
                                    relay.adminOnce(
                                            "/cases",
                                            wrong,
                                            fields.replace(wrong, "dana@example.com"));
                            assertThat(refused.statusCode()).isEqualTo(400);
                            told.add(refused.body());
                        }
                        relay.sendMails();
                        assertThat(surly.heard())
                                .anyMatch(line -> line.contains("dana@example.com"));
                        told.add(relay.admin("/cases?mail_failed=true").body());
                        relay.dispatchOnce();
                        relay.clock().advance(Duration.ofSeconds(10));
                        relay.dispatchOnce();
                        var delivery = crm.received().getFirst().webhookId();
                        assertThat(crm.received().getFirst().body())
                                .contains("dana@example.com", "Ketchikan");
                        told.add(
                                relay.receipt(
                                                delivery,
                                                crm.secret(),
                                                "{\"outcome\":\"dana@example.com\"}")
                                        .body());
                        told.add(relay.admin("/cases").body());
                        told.add(relay.admin("/requests").body());
                        told.add(relay.admin("/attention").body());
                        told.add(relay.admin("/audit").body());
                        // An unexpected failure, too: a column that is gone.
                        relay.execute("ALTER TABLE person_case RENAME acknowledge_by TO gone");
                        told.add(
                                Http.sendUnchecked(enter(relay, fields.replace("dana@", "alice@")))
                                        .body());
                        relay.execute("ALTER TABLE person_case RENAME gone TO acknowledge_by");
                        var code =
                                Http.json(entered).at("/requests/0/confirmation_code").textValue();
                        told.add(Http.send(relay.statusRequest(code, "text/html")).body());
                        told.add(relay.status(code).toString());
                    });
        }
    }

    private static HttpRequest enter(TestRelay relay, String fields) {
        return HttpRequest.newBuilder(relay.uri("/admin/v1/cases"))
                .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                .header("Idempotency-Key", "3")
                .POST(
                        HttpRequest.BodyPublishers.ofString(
                                "{\"by\": \"Dana\", \"why\": \"a test\", " + fields + "}"))
                .build();
    }

    /** Whether none of this is in what is told, logged, measured or kept. */
    private void assertNothingTells(
            List<String> personal, BiConsumer<TestRelay, List<String>> happening) {
        var log = new ListAppender<ILoggingEvent>();
        var root = (Logger) LoggerFactory.getLogger("ROOT");
        var relayLog = (Logger) LoggerFactory.getLogger("net.cartback");
        log.start();
        root.addAppender(log);
        relayLog.setLevel(Level.TRACE);
        var told = new ArrayList<String>();
        try (var relay = TestRelay.of(Brand.NONE, surly.settings())) {
            happening.accept(relay, told);
            told.add(relay.scrape());
            told.addAll(Dump.values(relay));
        } finally {
            root.detachAppender(log);
            relayLog.setLevel(Level.INFO);
        }
        log.list.forEach(
                event ->
                        told.add(
                                event.getFormattedMessage()
                                        + event.getKeyValuePairs()
                                        + (event.getThrowableProxy() == null
                                                ? ""
                                                : ThrowableProxyUtil.asString(
                                                        event.getThrowableProxy()))));

        assertThat(log.list).as("something was logged").hasSizeGreaterThan(2);
        var forms =
                personal.stream()
                        .flatMap(each -> Dump.forms(each).stream())
                        .map(form -> form.toLowerCase(Locale.ROOT))
                        .toList();
        assertThat(told)
                .allSatisfy(
                        text -> assertThat(text.toLowerCase(Locale.ROOT)).doesNotContain(forms));
        assertThat(told).allSatisfy(text -> assertThat(text).doesNotContain(TestRelay.APP_SECRET));
    }
}
