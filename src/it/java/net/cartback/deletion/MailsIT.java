package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.MailHost;
import net.cartback.deletion.fixtures.SurlyMailHost;
import net.cartback.deletion.fixtures.TestRelay;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** What people are told by mail: that their wish has arrived, and what became of it. */
class MailsIT {

    private static final String DELETED = "{\"outcome\":\"deleted\"}";

    private MailHost mails;
    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        mails = new MailHost();
        relay = TestRelay.of(Brand.NONE, mails.settings());
        crm = new FakeClientSystem("crm").answers(200, DELETED);
        register(relay);
    }

    private void register(TestRelay on) {
        on.register(crm);
        on.register("systems: [{id: crm, events: [deletion, person], accepts: [email]}]");
    }

    @AfterEach
    void stop() {
        relay.close();
        crm.close();
        mails.close();
    }

    @Test
    void a_person_is_told_that_the_wish_has_arrived_and_this_acknowledges_it()
            throws MessagingException {
        var entered = enter("dana@example.com", "\"language\": \"de\"");
        assertThat(entered.get("acknowledged_at").isNull()).isTrue();

        relay.clock().advance(Duration.ofMinutes(3));
        relay.sendMails();
        relay.sendMails();

        assertThat(mails.taken()).hasSize(1);
        var mail = mails.taken().getFirst();
        assertThat(mail.getSubject())
                .isEqualTo("Ihr Antrag auf Löschung von Daten ist eingegangen");
        assertThat(mail.getRecipients(Message.RecipientType.TO))
                .extracting(Object::toString)
                .containsExactly("dana@example.com");
        assertThat(mail.getFrom()).extracting(Object::toString).containsExactly(MailHost.SENDER);
        assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
        assertThat(mail.getHeader("X-Auto-Response-Suppress")).containsExactly("OOF, AutoReply");
        assertThat(mail.getHeader("Content-Language")).containsExactly("de");
        assertThat(MailHost.text(mail))
                .contains(
                        "Ihr Antrag ist eingegangen\n",
                        "/status/" + code(entered) + "?lang=de\n",
                        "Wir fragen niemals per E-Mail nach einem Passwort")
                .doesNotContain("dana@example.com", "alice.example", "all of it", "{", "\u2068");
        var now = Http.json(relay.admin("/cases/" + entered.get("id").textValue()));
        assertThat(now.get("acknowledged_at").textValue())
                .isEqualTo(relay.clock().instant().toString());
        assertThat(now.get("language").textValue()).isEqualTo("de");
        assertThat(now.at("/mails/0/occasion").textValue()).isEqualTo("received");
        assertThat(now.at("/mails/0/sent_at").textValue())
                .isEqualTo(relay.clock().instant().toString());
    }

    @Test
    void a_person_is_told_once_what_each_organisation_has_said_when_all_have() throws Exception {
        var entered = enter("dana@example.com", "\"language\": \"en\"");
        relay.sendMails();
        relay.dispatchOnce();
        relay.sendMails();
        relay.sendMails();

        assertThat(mails.taken()).hasSize(2);
        var mail = mails.taken().getLast();
        assertThat(mail.getSubject()).isEqualTo("Your request to delete data is finished");
        assertThat(MailHost.text(mail))
                .contains(
                        "Every organisation that found data about you says that it has deleted it",
                        "It says that it has deleted the data about you.",
                        "/status/" + code(entered) + "/proof");
        assertThat(
                        Http.json(relay.admin("/cases/" + entered.get("id").textValue()))
                                .get("mails")
                                .findValuesAsText("occasion"))
                .containsExactly("received", "finished");
    }

    @Test
    void what_is_corrected_later_is_told_again_and_once() throws Exception {
        enter("dana@example.com", "\"language\": \"en\"");
        relay.sendMails();
        relay.dispatchOnce();
        relay.sendMails();
        assertThat(mails.taken()).hasSize(2);

        relay.clock().advance(Duration.ofDays(1));
        var delivery = relay.texts("SELECT id::text FROM delivery").getFirst();
        var amended =
                relay.adminOnce(
                        "/deliveries/" + delivery + "/amend",
                        "amend",
                        """
                        "outcome": "retained", "retained": [{"category": "invoices",
                        "ground": "legal_obligation", "until": "2032-12-31"}]
                        """);
        assertThat(amended.statusCode()).as(amended.body()).isEqualTo(200);
        relay.sendMails();
        relay.sendMails();

        assertThat(mails.taken()).hasSize(3);
        var news = mails.taken().getLast();
        assertThat(news.getSubject()).isEqualTo("There is news about your request to delete data");
        assertThat(MailHost.text(news))
                .contains("Keeps: Invoices")
                .doesNotContain("It says that it has deleted the data about you.");
    }

    @Test
    void what_waits_to_be_told_is_not_told_while_a_request_is_open_again() throws Exception {
        mails.stop();
        enter("dana@example.com", "\"acknowledged_at\": \"" + relay.clock().instant() + "\"");
        relay.dispatchOnce();
        relay.sendMails();
        assertThat(relay.texts("SELECT error FROM mail")).containsExactly("connect");

        relay.clock().advance(Duration.ofMinutes(2));
        crm.answers(503, "");
        var again =
                relay.adminOnce(
                        "/systems/crm/redeliver",
                        "again",
                        "\"closed_since\": \"2020-01-01T00:00:00Z\"");
        assertThat(again.statusCode()).as(again.body()).isEqualTo(200);
        mails.startAgain();
        relay.sendMails();
        assertThat(mails.taken()).isEmpty();
        assertThat(relay.count("SELECT count(*) FROM mail")).isZero();

        crm.answers(200, "{\"outcome\":\"nothing_found\"}");
        relay.clock().advance(Duration.ofDays(1));
        relay.dispatchOnce();
        relay.sendMails();
        assertThat(mails.taken()).hasSize(1);
        assertThat(mails.taken().getFirst().getSubject())
                .isEqualTo("Your request to delete data is finished");
    }

    @Test
    void another_address_gets_what_the_first_did_not_and_none_gets_nothing() throws Exception {
        mails.stop();
        var id = enter("dana@example.com", "\"language\": \"en\"").get("id").textValue();
        relay.sendMails();
        mails.startAgain();
        var moved =
                relay.adminOnce(
                        "/cases/" + id + "/notify",
                        "moved",
                        "\"notify\": \"home@example.com\", \"language\": \"de\"");
        assertThat(moved.statusCode()).as(moved.body()).isEqualTo(200);
        relay.sendMails();
        assertThat(mails.taken())
                .extracting(MailsIT::recipient)
                .containsExactly("home@example.com");
        assertThat(mails.taken().getFirst().getSubject())
                .isEqualTo("Ihr Antrag auf Löschung von Daten ist eingegangen");

        var same =
                relay.adminOnce(
                        "/cases/" + id + "/notify", "same", "\"notify\": \"home2@example.com\"");
        assertThat(Http.json(same).get("language").textValue()).as("as before").isEqualTo("de");

        var none = relay.adminOnce("/cases/" + id + "/notify", "none", "\"notify\": null");
        assertThat(none.statusCode()).as(none.body()).isEqualTo(200);
        assertThat(Http.json(none).get("language").isNull()).isTrue();
        relay.dispatchOnce();
        relay.sendMails();
        assertThat(mails.taken()).hasSize(1);
        assertThat(relay.count("SELECT count(contact_sealed) FROM person_case")).isZero();
        assertThat(relay.texts("SELECT verb FROM operator_action WHERE verb = 'notify'"))
                .hasSize(3);
        assertThat(
                        relay.adminOnce("/cases/" + id + "/notify", "what", "\"by\": \"x\"")
                                .statusCode())
                .isEqualTo(400);
        assertThat(
                        relay.adminOnce(
                                        "/cases/" + UUID.randomUUID() + "/notify",
                                        "who",
                                        "\"notify\": null")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void the_end_that_is_told_first_acknowledges_and_the_receipt_is_not_told_after_it() {
        mails.stop();
        enter("dana@example.com", "\"language\": \"en\"");
        for (int i = 0; i < 7; i++) {
            relay.sendMails();
            relay.clock().advance(Duration.ofHours(5));
        }
        relay.dispatchOnce();
        mails.startAgain();
        relay.sendMails();
        assertThat(mails.taken()).hasSize(1);
        assertThat(MailHost.text(mails.taken().getFirst())).contains("/proof");
        relay.clock().advance(Duration.ofDays(2));
        relay.sendMails();
        assertThat(mails.taken()).hasSize(1);
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isOne();
    }

    @Test
    void of_two_requests_one_that_is_finished_first_hides_the_other_from_nobody() {
        relay.register(
                "systems: [{id: shop, name: Shop, url: \"https://127.0.0.1:1/d\", secrets: [{value:"
                        + " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}], events: [person], accepts:"
                        + " [email]}]\napps: [{id: \"77\", name: Other, secrets: [{value:"
                        + " 5f0c6a8e9b1d4c37}], systems: [shop]}]");
        mails.stop();
        var entered = enterForBothApps();
        relay.sendMails();
        relay.dispatchOnce();
        mails.startAgain();
        relay.sendMails();
        assertThat(mails.taken()).hasSize(1);
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isZero();

        relay.clock().advance(Duration.ofMinutes(2));
        relay.sendMails();
        assertThat(mails.taken()).hasSize(2);
        assertThat(MailHost.text(mails.taken().getLast()))
                .contains(entered.at("/requests/1/confirmation_code").textValue());
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isOne();
    }

    @Test
    void what_is_on_its_way_to_an_old_address_tells_nobody_and_the_new_one_is_told() {
        var id = enter("dana@example.com", "\"language\": \"en\"").get("id").textValue();
        // As if a replica were sending it.
        relay.execute(
                "UPDATE mail SET attempts = 1, next_attempt_at = next_attempt_at + INTERVAL '15"
                        + " min'");
        assertThat(
                        relay.adminOnce(
                                        "/cases/" + id + "/notify",
                                        "moved",
                                        "\"notify\": \"home@example.com\"")
                                .statusCode())
                .isEqualTo(200);
        relay.execute("UPDATE mail SET sent_at = created_at WHERE attempts = 1");
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isZero();

        relay.sendMails();
        relay.sendMails();
        assertThat(mails.taken())
                .extracting(MailsIT::recipient)
                .containsExactly("home@example.com");
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isOne();
    }

    @Test
    void who_was_told_otherwise_is_not_told_once_more() {
        mails.stop();
        var id = enter("dana@example.com", "\"language\": \"en\"").get("id").textValue();
        relay.sendMails();
        assertThat(
                        relay.adminOnce(
                                        "/cases/" + id + "/acknowledge",
                                        "told",
                                        "\"acknowledged_at\": null")
                                .statusCode())
                .isEqualTo(200);
        mails.startAgain();
        relay.clock().advance(Duration.ofDays(2));
        relay.sendMails();
        assertThat(mails.taken()).isEmpty();
        assertThat(Http.json(relay.admin("/cases?mail_failed=true")).get("cases")).isEmpty();
        assertThat(causes()).doesNotContain("mail_failed");
    }

    @Test
    void a_mail_that_nobody_tries_is_told_and_listed() {
        enter("dana@example.com", "\"language\": \"en\"");
        assertThat(Http.json(relay.admin("/cases?mail_failed=true")).get("cases")).isEmpty();
        relay.clock().advance(Duration.ofHours(2));
        assertThat(causes()).contains("mail_failed");
        assertThat(Http.json(relay.admin("/cases?mail_failed=true")).get("cases")).hasSize(1);
    }

    @Test
    void the_same_answers_again_are_no_news() {
        enter("dana@example.com", "\"language\": \"en\"");
        relay.dispatchOnce();
        relay.sendMails();
        var sent = mails.taken().size();
        relay.clock().advance(Duration.ofDays(1));
        relay.adminOnce(
                "/systems/crm/redeliver", "again", "\"closed_since\": \"2020-01-01T00:00:00Z\"");
        relay.sendMails();
        relay.dispatchOnce();
        relay.sendMails();
        assertThat(crm.received()).hasSize(2);
        assertThat(mails.taken()).hasSize(sent);
    }

    @Test
    void that_a_mail_was_sent_stands_in_the_audit_trail_without_the_address() {
        enter("dana@example.com", "\"language\": \"en\"");
        relay.sendMails();
        relay.chainAudit();
        var audit = relay.admin("/audit?event=mail.sent");
        assertThat(Http.json(audit).at("/entries/0/detail").textValue())
                .as(audit.body())
                .isEqualTo("received");
        assertThat(audit.body()).doesNotContain("dana");
    }

    @Test
    void who_asks_for_somebody_else_reads_whose_data_it_is_about() throws Exception {
        var entered =
                relay.adminOnce(
                        "/cases",
                        "child",
                        """
                        "channel": "phone", "received_at": "%s", "right": "erasure",
                        "apps": ["1234567890"], "on_behalf_of": "child", "identifiers": [
                        {"type": "email", "value": "kid@example.com", "verified": "guardian"}],
                        "notify": "parent@example.com"
                        """
                                .formatted(relay.clock().instant()));
        assertThat(entered.statusCode()).as(entered.body()).isEqualTo(201);
        relay.sendMails();
        assertThat(MailHost.text(mails.taken().getFirst()))
                .startsWith("This was asked on behalf of somebody else.")
                .doesNotContain("kid@example.com");
    }

    @Test
    void what_the_mail_says_is_what_was_answered() throws Exception {
        crm.answers(
                200,
                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":"
                        + "\"legal_obligation\",\"until\":\"2032-12-31\"}]}");
        enter("dana@example.com", "\"acknowledged_at\": \"" + relay.clock().instant() + "\"");
        relay.dispatchOnce();
        relay.sendMails();

        assertThat(mails.taken()).as("it was acknowledged otherwise").hasSize(1);
        assertThat(MailHost.text(mails.taken().getFirst()))
                .contains("Not everything was deleted", "Keeps: Invoices", "31 December 2032")
                .doesNotContain("says that it has deleted it\n");
    }

    @Test
    void while_the_server_is_down_nothing_is_lost_and_when_it_is_back_each_is_told_once() {
        mails.stop();
        var entered = enter("dana@example.com", "\"language\": \"en\"");
        for (int hour = 0; hour < 24 * 8; hour++) {
            relay.sendMails();
            relay.clock().advance(Duration.ofHours(1));
        }
        assertThat(causes()).contains("mail_failed", "unacknowledged");
        assertThat(
                        Http.json(relay.admin("/cases?mail_failed=true"))
                                .at("/cases/0/mails/0/error")
                                .textValue())
                .isEqualTo("connect");

        mails.startAgain();
        for (int i = 0; i < 26; i++) {
            relay.sendMails();
            relay.clock().advance(Duration.ofHours(1));
        }
        assertThat(mails.taken()).hasSize(1);
        assertThat(causes()).doesNotContain("mail_failed", "unacknowledged");
        assertThat(
                        Http.json(relay.admin("/cases/" + entered.get("id").textValue()))
                                .get("acknowledged_at")
                                .isNull())
                .isFalse();
    }

    @Test
    void a_process_that_dies_after_the_servers_word_sends_the_same_mail_again_and_no_other()
            throws MessagingException {
        enter("dana@example.com", "\"language\": \"en\"");
        relay.execute("ALTER TABLE mail ADD CONSTRAINT dies CHECK (sent_at IS NULL) NOT VALID");
        assertThatThrownBy(relay::sendMails);
        assertThat(mails.taken()).hasSize(1);
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isZero();
        relay.execute("ALTER TABLE mail DROP CONSTRAINT dies");

        relay.sendMails();
        assertThat(mails.taken()).as("it may still be on its way").hasSize(1);
        relay.clock().advance(Duration.ofHours(2));
        relay.sendMails();

        assertThat(mails.taken()).hasSize(2);
        assertThat(mails.taken().getLast().getMessageID())
                .isEqualTo(mails.taken().getFirst().getMessageID());
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isOne();
    }

    @Test
    void two_replicas_send_each_mail_once() throws Exception {
        for (int i = 0; i < 20; i++) {
            enter("dana" + i + "@example.com", "\"language\": \"en\"");
        }
        try (var other = relay.replica();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Boolean> here =
                    () -> {
                        relay.sendMails();
                        return true;
                    };
            Callable<Boolean> there =
                    () -> {
                        other.sendMails();
                        return true;
                    };
            for (var each : threads.invokeAll(List.of(here, there, here, there))) {
                assertThat(each.get()).isTrue();
            }
        }
        assertThat(mails.taken())
                .extracting(MailsIT::recipient)
                .hasSize(20)
                .doesNotHaveDuplicates();
        assertThat(relay.count("SELECT count(acknowledged_at) FROM person_case")).isEqualTo(20);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RCPT|550 5.1.1 <dana@example.com> unknown|recipient",
                "RCPT|550 5.1.10 dana@example.com takes no mail|recipient",
                "RCPT|550 5.2.1 mailbox of dana@example.com disabled|recipient",
                "RCPT|550 relay not permitted for dana@example.com|policy",
                "RCPT|552 5.2.2 mailbox of dana@example.com full|policy",
                "RCPT|550 5.1.8 sender of the mail to dana@example.com rejected|sender",
                "RCPT|''|connect",
                "MAIL|530 5.7.0 log in first|login",
                "RCPT|550 5.7.1 relaying to dana@example.com denied|policy",
                "RCPT|554 dana@example.com refused|policy",
                "RCPT|451 4.7.1 greylisted: dana@example.com|busy",
                "RCPT|452 4.2.2 mailbox of dana@example.com full|busy",
                "MAIL|550 5.7.1 not yours|sender",
                "MAIL|451 later|busy",
                "DATA|554 5.7.1 no|policy",
                ".|554 5.7.1 spam for dana@example.com|policy",
                ".|451 4.3.0 later|busy",
                ".|''|connect",
                "''|554 go away|policy"
            })
    void what_a_server_refuses_is_told_and_tried_again_only_where_it_may_help(
            String command, String reply, String error) {
        try (var surly = new SurlyMailHost(Map.of(command, reply));
                var refused = TestRelay.of(Brand.NONE, surly.settings())) {
            register(refused);
            enter(refused, "dana@example.com", "\"language\": \"en\"");
            refused.sendMails();

            var mail = Http.json(refused.admin("/cases")).at("/cases/0/mails/0");
            assertThat(mail.get("error").textValue()).isEqualTo(error);
            assertThat(mail.get("sent_at").isNull()).isTrue();
            assertThat(mail.get("next_attempt_at").isNull()).isEqualTo(error.equals("recipient"));
            assertThat(Http.json(refused.admin("/cases")).at("/cases/0/acknowledged_at").isNull())
                    .isTrue();
            assertThat(
                            Http.json(refused.admin("/attention"))
                                    .get("attention")
                                    .findValuesAsText("cause")
                                    .contains("mail_failed"))
                    .as("at once only what no time mends")
                    .isEqualTo(error.equals("recipient"));
            refused.dispatchOnce();
            assertThat(refused.texts("SELECT outcome FROM delivery"))
                    .as("a mail changes no outcome")
                    .containsExactly("deleted");
        }
    }

    @Test
    void a_case_of_two_apps_is_told_of_in_one_mail() {
        relay.register(
                "apps: [{id: \"77\", name: Other, secrets: [{value: 5f0c6a8e9b1d4c37}], systems:"
                        + " [crm]}]");
        var entered = enterForBothApps();
        relay.sendMails();

        assertThat(mails.taken()).hasSize(1);
        assertThat(MailHost.text(mails.taken().getFirst()))
                .contains(
                        entered.at("/requests/0/confirmation_code").textValue(),
                        entered.at("/requests/1/confirmation_code").textValue(),
                        "App: Other");
    }

    @Test
    void the_address_is_sealed_and_ends_with_the_request_and_what_was_not_sent_is_not_sent_then() {
        mails.stop();
        enter("dana@example.com", "\"language\": \"en\"");
        relay.dispatchOnce();
        relay.sendMails();
        for (var form : Dump.forms("dana@example.com")) {
            assertThat(Dump.values(relay)).noneMatch(value -> value.contains(form));
        }
        relay.clock().advance(Duration.ofDays(36));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(contact_sealed) FROM person_case")).isZero();

        mails.startAgain();
        relay.sendMails();
        assertThat(mails.taken()).isEmpty();
        assertThat(relay.texts("SELECT DISTINCT error FROM mail")).containsExactly("erased");
        assertThat(causes()).doesNotContain("mail_failed");

        relay.clock().advance(Duration.ofDays(740));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM mail")).isZero();
        assertThat(relay.count("SELECT count(*) FROM person_case")).isZero();
    }

    @Test
    void a_contact_finds_nobody_and_is_sent_to_no_system() {
        enter("parent@example.com", "\"language\": \"en\"");
        relay.dispatchOnce();
        assertThat(crm.received().getFirst().body())
                .contains("dana@example.com")
                .doesNotContain("parent@example.com");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"notify\": \"dana\"|notify must be an e-mail address",
                "\"notify\": \"a@b.example\\r"
                        + "\\n"
                        + "Bcc: x@y.example\"|notify must be an e-mail address",
                "\"notify\": \"a@straße.example\"|notify has a domain that",
                "\"notify\": \"a@b.example\", \"language\": \"xx\"|language must be one of en, es,",
                "\"language\": \"de\"|language makes no sense without notify"
            })
    void what_is_wrong_with_a_contact_is_named(String fields, String message) {
        var reply =
                relay.adminOnce(
                        "/cases",
                        "wrong",
                        fields(relay, null, "\"on_behalf_of\": null") + ", " + fields);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("detail").textValue()).startsWith(message);
    }

    @Test
    void a_domain_that_not_every_program_writes_alike_is_taken_in_ascii() {
        enter("dana@xn--strae-oqa.example", "\"language\": \"en\"");
        relay.sendMails();
        assertThat(mails.taken())
                .extracting(MailsIT::recipient)
                .containsExactly("dana@xn--strae-oqa.example");
    }

    @Test
    void a_relay_without_a_mail_server_promises_no_mail() {
        try (var silent = new TestRelay()) {
            register(silent);
            var reply =
                    silent.adminOnce(
                            "/cases",
                            "1",
                            fields(silent, "dana@example.com", "\"language\": \"en\""));
            assertThat(reply.statusCode()).isEqualTo(400);
            assertThat(Http.json(reply).get("detail").textValue())
                    .startsWith("notify needs a mail server");
        }
    }

    private List<String> causes() {
        return Http.json(relay.admin("/attention")).get("attention").findValuesAsText("cause");
    }

    private static String recipient(MimeMessage mail) {
        try {
            return mail.getRecipients(Message.RecipientType.TO)[0].toString();
        } catch (MessagingException e) {
            throw new AssertionError(e);
        }
    }

    private JsonNode enterForBothApps() {
        var reply =
                relay.adminOnce(
                        "/cases",
                        "two",
                        fields(relay, "dana@example.com", "\"language\": \"en\"")
                                .replace("\"1234567890\"", "\"1234567890\", \"77\""));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
        return Http.json(reply);
    }

    private JsonNode enter(String notify, String fields) {
        return enter(relay, notify, fields);
    }

    private static JsonNode enter(TestRelay on, String notify, String fields) {
        var reply =
                on.adminOnce("/cases", UUID.randomUUID().toString(), fields(on, notify, fields));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(201);
        return Http.json(reply);
    }

    /** A wish of Dana's, unless the notice goes to another Dana. */
    private static String fields(TestRelay on, @Nullable String notify, String fields) {
        var email = notify != null && notify.startsWith("dana") ? notify : "dana@example.com";
        return """
        "channel": "letter", "received_at": "%s", "right": "erasure", "apps": ["1234567890"],
        "wish": "all of it", "identifiers": [
        {"type": "email", "value": "%s", "verified": "operator_letter"},
        {"type": "instagram_username", "value": "alice.example"}], %s
        """
                        .formatted(
                                on.clock().instant().truncatedTo(ChronoUnit.MILLIS), email, fields)
                + (notify == null ? "" : ", \"notify\": \"" + notify + "\"");
    }

    private static String code(JsonNode entered) {
        return entered.at("/requests/0/confirmation_code").textValue();
    }
}
