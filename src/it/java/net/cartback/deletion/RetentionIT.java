package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.IdempotencyKeys.First;
import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.terms.Actor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

class RetentionIT {

    private static final String PERSON = "10210123456789012";
    private static final Duration PAST_THE_GRACE = Duration.ofDays(36);
    private static final Duration PAST_THE_RECORD = Duration.ofDays(740);
    private static final Pattern ROW =
            Pattern.compile("\\| `(\\w+)` \\| ([^|]+) \\| [^|]+ \\| (yes|no) \\| `(\\w+)` \\|");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem shop;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(202, "");
        shop =
                new FakeClientSystem("shop")
                        .answers(
                                200,
                                "{\"outcome\":\"retained\",\"retained\":[{\"category\":"
                                        + "\"invoices\",\"ground\":\"legal_obligation\","
                                        + "\"until\":\"2032-12-31\"}]}");
        relay.register(crm, shop);
    }

    @AfterEach
    void stop() {
        crm.close();
        shop.close();
        relay.close();
    }

    @Test
    void a_sweep_that_failed_is_made_again_in_the_next_round() {
        deleted(PERSON);
        relay.clock().advance(PAST_THE_GRACE);
        relay.execute("ALTER TABLE contradiction RENAME TO elsewhere");
        assertThatThrownBy(() -> relay.retention().sweepIfDue()).isInstanceOf(Exception.class);

        relay.execute("ALTER TABLE elsewhere RENAME TO contradiction");
        relay.retention().sweepIfDue();
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM deletion_request WHERE subject_sealed IS"
                                        + " NOT NULL"))
                .isZero();
    }

    @Test
    void what_the_last_sweep_found_is_known_while_the_next_one_waits() {
        relay.retention().sweepIfDue();
        var later = relay.replica();
        later.clockIsTrustedFor(Duration.ZERO);
        relay.clock().advance(Duration.ofDays(10));
        later.retention().sweepIfDue();
        assertThat(later.scrape()).contains("relay_retention_last_sweep_seconds 864000.0");
    }

    @Test
    void after_the_grace_nothing_of_the_person_is_left_and_the_status_page_still_tells_the_truth() {
        var code = deleted(PERSON);
        toldByMail();
        var sealed = relay.bytes("SELECT subject_sealed FROM deletion_request");
        var before = relay.status(code);

        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        calls().tidy();

        var dump = String.join("\n", Dump.values(relay));
        assertThat(dump)
                .doesNotContain(Dump.forms(PERSON))
                .doesNotContain(HexFormat.of().formatHex(sealed));
        for (var column : entries()) {
            if (column.personal()) {
                assertThat(column.ends()).as(column.toString()).isIn("erased", "day");
                assertThat(
                                relay.count(
                                        "SELECT count(%s) FROM %s"
                                                .formatted(column.name(), column.table())))
                        .as(column.toString())
                        .isZero();
            }
        }
        assertThat(relay.status(code)).isEqualTo(before);
        assertThat(before.get("state").textValue()).isEqualTo("completed");
        assertThat(before.get("retained")).hasSize(1);
    }

    @Test
    void the_test_above_would_notice_whatever_it_looks_for() {
        deleted(PERSON);
        toldByMail();

        for (var column : entries()) {
            if (column.personal()) {
                assertThat(
                                relay.count(
                                        "SELECT count(%s) FROM %s"
                                                .formatted(column.name(), column.table())))
                        .as(column.toString())
                        .isPositive();
            }
        }
    }

    @Test
    void a_sweep_of_a_clock_that_was_ahead_stops_none() {
        deleted(PERSON);
        relay.execute(
                "INSERT INTO retention_sweep (started_at, ended_at, erased, dropped) SELECT"
                        + " max(received_at) + INTERVAL '1 year', max(received_at) + INTERVAL '1"
                        + " year', 0, 0 FROM deletion_request");
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();
        assertThat(relay.scrape()).contains("relay_retention_last_sweep_seconds 0.0");
    }

    @Test
    void one_day_before_its_time_is_over_nothing_is_erased() {
        deleted(PERSON);

        relay.clock().advance(PAST_THE_GRACE.minusDays(2));
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isOne();
        assertThat(relay.count("SELECT erased FROM retention_sweep")).isZero();
    }

    @Test
    void what_is_open_is_kept_however_old_it_is_and_tells_its_age() {
        shop.answers(500, "");
        relay.metaAsksToDelete(PERSON);
        relay.dispatchOnce();

        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isOne();
        assertThat(relay.scrape())
                .contains(
                        "relay_retention_oldest_personal_data_seconds "
                                + (double) PAST_THE_RECORD.toSeconds())
                .contains("relay_retention_last_sweep_seconds 0.0");
    }

    @Test
    void after_24_months_no_row_is_left_of_it() {
        var code = deleted(PERSON);
        toldByMail();

        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        relay.clock().advance(PAST_THE_RECORD.minus(PAST_THE_GRACE));
        relay.retention().sweepIfDue();

        for (var table :
                entries().stream()
                        .filter(each -> each.ends().equals("record"))
                        .map(Column::table)
                        .distinct()
                        .toList()) {
            assertThat(relay.count("SELECT count(*) FROM " + table))
                    .as(table)
                    // The sweep itself, and the one before it.
                    .isEqualTo(table.equals("retention_sweep") ? 2 : 0);
        }
        assertThat(relay.texts("SELECT erased || ' ' || dropped FROM retention_sweep ORDER BY id"))
                .containsExactly("1 0", "0 1");
        assertThat(Http.send(relay.statusRequest(code, "application/json")).statusCode())
                .isEqualTo(404);
    }

    @Test
    void the_same_wish_after_its_erasure_is_a_new_one() {
        var signed = relay.signedRequest(PERSON);
        var first = Http.json(relay.callback(signed)).get("confirmation_code");
        answerAll();

        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();

        var again = relay.callback(signed);
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(Http.json(again).get("confirmation_code")).isNotEqualTo(first);
    }

    @Test
    void what_a_client_says_after_the_erasure_is_erased_in_its_turn() {
        relay.metaAsksToDelete(PERSON);
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        assertThat(relay.admin("/deliveries/" + delivery + "/close-unconfirmed", "").statusCode())
                .isEqualTo(200);
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();

        assertThat(relay.receipt(delivery, crm.secret(), "{\"outcome\":\"deleted\"}").statusCode())
                .isEqualTo(204);
        assertThat(relay.count("SELECT count(body_sealed) FROM receipt")).isOne();
        relay.clock().advance(Duration.ofDays(2));
        relay.retention().sweepIfDue();
        assertThat(relay.scrape())
                .contains(
                        "relay_retention_oldest_personal_data_seconds "
                                + (double) Duration.ofDays(2).toSeconds());
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(body_sealed) FROM receipt")).isZero();
        assertThat(relay.count("SELECT count(body_digest) FROM receipt")).isOne();
    }

    @Test
    void it_sweeps_once_a_day_and_takes_up_what_a_dead_replica_has_left() {
        relay.retention().sweepIfDue();
        relay.clock().advance(Duration.ofHours(23));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM retention_sweep")).isOne();

        relay.clock().advance(Duration.ofHours(2));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM retention_sweep")).isEqualTo(2);

        relay.execute(
                "UPDATE retention_sweep SET ended_at = NULL, erased = NULL, dropped = NULL,"
                        + " oldest_held = NULL");
        relay.clock().advance(Duration.ofHours(1));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM retention_sweep")).isEqualTo(2);
        relay.clock().advance(Duration.ofHours(2));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM retention_sweep")).isEqualTo(3);
    }

    @Test
    void many_are_erased_and_dropped_in_batches() {
        relay.execute(
                """
                INSERT INTO deletion_request (id, app_id, platform, secret_id, subject_sealed, dated,
                                              repeat_digest, code_digest, requested_at, received_at,
                                              due_at, open_deliveries, closed_at)
                SELECT uuidv7(), '1234567890', 'facebook', uuidv7(), '\\x00', true,
                       sha256(('r' || n)::bytea), sha256(('c' || n)::bytea), now(), now(),
                       now() + INTERVAL '30 days', 0, now() - INTERVAL '1 hour' * n
                  FROM generate_series(1, 1201) AS n
                """);

        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();

        assertThat(relay.texts("SELECT erased || ' ' || dropped FROM retention_sweep"))
                .containsExactly("1201 1201");
    }

    @Test
    void every_column_of_the_schema_stands_in_the_table_of_data_and_nothing_else_does() {
        var told = new TreeMap<String, List<String>>();
        for (var column : entries()) {
            told.computeIfAbsent(column.table(), table -> new ArrayList<>()).add(column.name());
        }

        assertThat(sorted(told)).isEqualTo(sorted(Dump.columns(relay)));
    }

    private record Column(String table, String name, boolean personal, String ends) {}

    private static Map<String, List<String>> sorted(Map<String, List<String>> columns) {
        columns.replaceAll((table, names) -> names.stream().sorted().toList());
        return columns;
    }

    private static List<Column> entries() {
        try (var lines = Files.lines(Path.of("docs/DATA.md"))) {
            return lines.map(ROW::matcher)
                    .filter(row -> row.matches())
                    .flatMap(
                            row ->
                                    NAME.matcher(row.group(2))
                                            .results()
                                            .map(
                                                    name ->
                                                            new Column(
                                                                    row.group(1),
                                                                    name.group(1),
                                                                    row.group(3).equals("yes"),
                                                                    row.group(4))))
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** As if the request had come by letter, and its person were told by mail. */
    private void toldByMail() {
        relay.execute(
                """
                INSERT INTO person_case
                       (id, channel, asked_right, received_at, entered_at, acknowledge_by, language,
                        contact_sealed)
                SELECT id, 'letter', 'erasure', received_at, received_at, received_at, 'en',
                       subject_sealed
                  FROM deletion_request
                """);
        relay.execute("INSERT INTO case_request SELECT id, id FROM deletion_request");
        relay.execute(
                """
                INSERT INTO mail (id, case_id, occasion, request_id, created_at, sent_at)
                SELECT id, id, 'finished', id, received_at, received_at FROM deletion_request
                """);
    }

    /** A deletion that both systems have answered, one of them with a signed receipt. */
    private String deleted(String person) {
        var code = relay.metaAsksToDelete(person);
        answerAll();
        var delivery = crm.received().getFirst().webhookId();
        assertThat(
                        relay.admin(
                                        "/deliveries/" + delivery + "/amend",
                                        "\"outcome\": \"nothing_found\"")
                                .statusCode())
                .isEqualTo(200);
        if (calls().use(new Actor("operator:dana"), person, "amend") instanceof First first) {
            calls().done(first, 200, null, "{\"by\": \"" + person + "\"}");
        }
        return code;
    }

    private IdempotencyKeys calls() {
        return new IdempotencyKeys(relay.database(), relay.keyring(), relay.clock());
    }

    private void answerAll() {
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        var body = "{\"outcome\":\"deleted\",\"note\":\"" + PERSON + "\"}";
        assertThat(relay.receipt(delivery, crm.secret(), body).statusCode()).isEqualTo(204);
    }
}
