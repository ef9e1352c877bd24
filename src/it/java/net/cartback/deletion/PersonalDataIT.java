package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;

import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Locale;

class PersonalDataIT {

    private static final String PERSON = "10210123456789012";

    @Test
    void a_persons_id_is_in_no_log_line_metric_error_body_or_plain_column() {
        var log = new ListAppender<ILoggingEvent>();
        var root = (Logger) LoggerFactory.getLogger("ROOT");
        var relayLog = (Logger) LoggerFactory.getLogger("net.cartback");
        log.start();
        root.addAppender(log);
        relayLog.setLevel(Level.TRACE);
        var told = new ArrayList<String>();
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm").failsThenAnswers(1, 202, "");
                var shop =
                        new FakeClientSystem("shop")
                                .answers(200, "{\"outcome\":\"" + PERSON + "\"}")) {
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
                    relay.receipt(delivery, crm.secret(), "{\"outcome\":\"" + PERSON + "\"}")
                            .body());
            told.add(
                    relay.receipt(delivery, shop.secret(), "{\"user\":\"" + PERSON + "\"}").body());
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
                                            "ALTER TABLE deletion_request RENAME requested_at TO"
                                                    + " gone"));
            told.add(
                    Http.sendUnchecked(
                                    relay.callbackRequest(
                                            TestRelay.APP_ID, relay.signedRequest(PERSON + "1")))
                            .body());
            relay.database()
                    .withHandle(
                            handle ->
                                    handle.execute(
                                            "ALTER TABLE deletion_request RENAME gone TO"
                                                    + " requested_at"));
            told.add(Http.send(relay.statusRequest(code, "text/html")).body());
            told.add(relay.status(code).toString());
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
        var forms = Dump.forms(PERSON);
        assertThat(told)
                .allSatisfy(
                        text ->
                                assertThat(text.toLowerCase(Locale.ROOT))
                                        .doesNotContain(
                                                forms.stream()
                                                        .map(form -> form.toLowerCase(Locale.ROOT))
                                                        .toList()));
        assertThat(told).allSatisfy(text -> assertThat(text).doesNotContain(TestRelay.APP_SECRET));
    }
}
