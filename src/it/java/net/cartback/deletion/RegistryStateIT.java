package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.registry.RegistryChange;
import net.cartback.deletion.registry.RegistryExport;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.terms.Actor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

/** A registry file is a state, can be compared with what is registered, and entries can retire. */
class RegistryStateIT {

    private static final Duration PAST_THE_RECORD = Duration.ofDays(740);
    private static final String RETIRED = "state: retired";

    private TestRelay relay;
    private FakeClientSystem crm;
    private FakeClientSystem news;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
        news = new FakeClientSystem("news").answers(200, "{\"outcome\":\"deleted\"}");
        relay.register(crm, news);
    }

    @AfterEach
    void stop() {
        news.close();
        crm.close();
        relay.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "public_name|Customers|Connected system",
                "events|[deauthorization]|[\"deletion\"]",
                "ack_means|deleted|accepted",
                "answers|{404: nothing_found}|{}",
                "answers_header|X-CRM|none",
                "max_in_flight|3|16",
                "rate_per_minute|7|600",
                "timeout|PT3S|PT15S",
                "receipt_within|PT1H|PT168H",
                "tls|\"1.2\"|1.3",
                "state|retired|live"
            })
    void a_field_that_is_taken_out_goes_back_to_its_default(
            String field, String value, String byDefault) {
        apply("systems: [{id: crm, %s: %s}]".formatted(field, value));

        var changes = apply("systems: [{id: crm}]");

        assertThat(changes.getLast().fields())
                .filteredOn(each -> each.name().equals(field))
                .singleElement()
                .satisfies(each -> assertThat(each.after()).isEqualTo(byDefault));
        assertThat(apply("systems: [{id: crm}]")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"platform,instagram,facebook", "state,ended,live"})
    void so_does_a_field_of_an_app(String field, String value, String byDefault) {
        apply("apps: [{id: \"%s\", %s: %s}]".formatted(TestRelay.APP_ID, field, value));

        assertThat(apply("apps: [{id: \"%s\"}]".formatted(TestRelay.APP_ID)))
                .hasToString(
                        "[app %s: %s %s -> %s]"
                                .formatted(TestRelay.APP_ID, field, value, byDefault));
    }

    @Test
    void what_has_no_default_stays_and_so_does_what_the_file_does_not_name() {
        apply("systems: [{id: crm}]\napps: [{id: \"%s\"}]".formatted(TestRelay.APP_ID));
        var before = relay.texts("SELECT c::text FROM client_system c ORDER BY id");

        assertThat(apply("systems: [{id: crm}]\napps: []")).isEmpty();

        assertThat(relay.texts("SELECT c::text FROM client_system c ORDER BY id"))
                .isEqualTo(before);
        assertThat(relay.count("SELECT count(*) FROM subscription")).isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM app_secret")).isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM system_secret")).isEqualTo(2);
        assertThat(relay.texts("SELECT name FROM client_system WHERE id = 'crm'"))
                .containsExactly("crm");
    }

    @Test
    void a_change_by_the_admin_api_still_leaves_alone_what_it_does_not_name() {
        apply("systems: [{id: crm, timeout: PT3S}]");

        relay.registry()
                .change(
                        Kind.SYSTEM,
                        "crm",
                        JsonNodeFactory.instance.objectNode().put("rate_per_minute", 7),
                        relay.registry().entry(Kind.SYSTEM, "crm").orElseThrow().version(),
                        true,
                        Actor.COMMAND);

        assertThat(relay.texts("SELECT timeout_ms || ' ' || rate_per_minute FROM client_system"))
                .contains("3000 7");
    }

    @Test
    void what_changes_is_told_by_entry_and_field_without_secrets_and_queries() {
        apply("systems: [{id: crm, url: \"%s?token=hushed\"}]".formatted(crm.url()));

        var changes =
                apply(
                        """
                        systems:
                          - {id: crm, url: "%s?token=def", timeout: PT3S, secrets: [{label: new, value: %s}]}
                          - {id: shop, name: Shop, url: "%s", secrets: [{label: one, value: %s}]}
                        """
                                .formatted(crm.url(), news.secret(), news.url(), news.secret()));

        assertThat(changes).hasSize(2);
        assertThat(changes.getFirst().toString())
                .startsWith("system crm: ")
                .contains("timeout PT15S -> PT3S", "url its query -> another query", "-> [new (");
        assertThat(changes.getLast().toString())
                .startsWith("system shop: new; ")
                .contains("name Shop", "secrets [one (");
        assertThat(changes.toString()).doesNotContain("hushed", "def?", "token", news.secret());
    }

    @Test
    void differences_are_told_and_nothing_is_changed() {
        var file =
                "systems: [{id: crm, timeout: PT3S}]\napps: [{id: \"77\", name: New, secrets:"
                        + " [{label: one, value: 5f0c6a8e9b1d4c37}], systems: [crm]}]";

        var differences = relay.registry().differences(parse(file));

        assertThat(differences).hasSize(2);
        assertThat(relay.count("SELECT count(*) FROM meta_app")).isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM client_system WHERE timeout_ms = 3000"))
                .isZero();
        // What is new gets ids of its own each time.
        assertThat(apply(file))
                .usingRecursiveComparison()
                .withEqualsForFields((String one, String other) -> true, "fields.after")
                .isEqualTo(differences);
        assertThat(relay.registry().differences(parse(file))).isEmpty();
    }

    @Test
    void what_is_exported_can_be_applied_and_changes_nothing() {
        apply(
                """
                systems:
                  - id: crm
                    url: "%s?token=hushed"
                    answers: {404: nothing_found, 410: deleted}
                    answers_header: X-CRM
                    events: [deletion, deauthorization]
                    secrets: [{label: "2026", not_after: "2027-01-01T00:00:00Z", value: %s}]
                    name: 'yes: a name # that "YAML" would misread'
                """
                        .formatted(crm.url(), crm.secret()));

        var exported = RegistryExport.yaml(relay.registry().all());

        assertThat(exported)
                .contains("# The address of crm has a query")
                .doesNotContain("hushed", crm.secret(), news.secret(), TestRelay.APP_SECRET);
        assertThat(relay.registry().differences(parse(exported))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"2024-01-01", "12:30", "190:20:30", "<<", "0123", "1e5", "yes", "null", "~"})
    void what_yaml_would_take_for_something_else_is_exported_as_it_is(String name) {
        relay.execute("UPDATE client_system SET name = '" + name + "' WHERE id = 'crm'");

        assertThat(relay.registry().differences(parse(RegistryExport.yaml(relay.registry().all()))))
                .isEmpty();
    }

    @Test
    void what_is_retired_is_exported_too_because_apps_may_name_it() {
        apply("systems: [{id: news, %s}]".formatted(RETIRED));

        assertThat(relay.registry().differences(parse(RegistryExport.yaml(relay.registry().all()))))
                .isEmpty();
    }

    @Test
    void a_system_that_is_taken_back_while_the_sweep_looks_stays() throws Exception {
        apply("systems: [{id: news, %s}]".formatted(RETIRED));
        relay.clock().advance(PAST_THE_RECORD);
        try (var other = TestPostgres.connect(relay.address());
                var statement = other.createStatement();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            other.setAutoCommit(false);
            statement.execute("UPDATE client_system SET state = 'live' WHERE id = 'news'");
            relay.waitsForEver();
            var sweep = threads.submit(() -> relay.retention().sweepIfDue());
            await().atMost(Duration.ofMinutes(3))
                    .until(
                            () ->
                                    relay.count(
                                                    "SELECT count(*) FROM pg_stat_activity WHERE"
                                                            + " wait_event_type = 'Lock' AND"
                                                            + " datname = current_database()")
                                            == 1);
            other.commit();
            sweep.get();
        }

        assertThat(relay.count("SELECT count(*) FROM client_system WHERE id = 'news'")).isOne();
        assertThat(relay.count("SELECT count(*) FROM system_secret WHERE system_id = 'news'"))
                .isOne();
        assertThat(relay.count("SELECT count(*) FROM subscription WHERE system_id = 'news'"))
                .isOne();
    }

    @Test
    void a_retired_system_gets_nothing_new_and_what_is_open_is_finished() {
        news.answers(503, "");
        var open = relay.metaAsksToDelete("1");
        relay.dispatchOnce();

        apply("systems: [{id: news, %s}]".formatted(RETIRED));
        var later = relay.metaAsksToDelete("2");
        assertThat(systems()).contains("\"crm\"", "\"news\"");
        news.answers(200, "{\"outcome\":\"deleted\"}");
        relay.clock().advance(Duration.ofHours(1));
        relay.dispatchOnce();
        relay.dispatchOnce();

        assertThat(relay.status(open).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(open).at("/systems/total").intValue()).isEqualTo(2);
        assertThat(relay.status(later).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(later).at("/systems/total").intValue()).isEqualTo(1);
        // Now it has nothing open, so it is gone from where operators look every day.
        assertThat(systems()).contains("\"crm\"").doesNotContain("\"news\"");
        assertThat(relay.admin("/registry/systems").body()).doesNotContain("\"news\"");
        assertThat(relay.admin("/registry/systems?retired=true").body())
                .contains("\"news\"")
                .doesNotContain("\"crm\"");
    }

    @Test
    void a_system_that_is_taken_back_gets_the_requests_that_are_still_open() {
        crm.answers(503, "");
        apply("systems: [{id: news, %s}]".formatted(RETIRED));
        relay.metaAsksToDelete("1");

        apply("systems: [{id: news}]");
        relay.backfill().fillOpenRequests();
        relay.dispatchOnce();

        assertThat(news.received()).hasSize(1);
    }

    @Test
    void a_retired_app_takes_no_request_and_shows_what_it_took() {
        var code = relay.metaAsksToDelete("1");

        apply("apps: [{id: \"%s\", %s}]".formatted(TestRelay.APP_ID, RETIRED));
        relay.dispatchOnce();

        var answer = relay.callback(relay.signedRequest("2"));
        assertThat(answer.statusCode()).isEqualTo(410);
        assertThat(answer.body()).contains("This app is retired");
        assertThat(relay.deauthorize(relay.signedRequest("2")).statusCode()).isEqualTo(410);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(1);
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.admin("/registry/apps").body()).doesNotContain(TestRelay.APP_ID);
    }

    @Test
    void what_is_retired_leaves_the_tables_once_nothing_names_it() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        apply("systems: [{id: news, %s}, {id: crm, %s}]".formatted(RETIRED, RETIRED));
        apply("apps: [{id: \"%s\", %s}]".formatted(TestRelay.APP_ID, RETIRED));
        relay.clock().advance(Duration.ofDays(2));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(*) FROM client_system")).isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM meta_app")).isEqualTo(1);

        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();

        for (var table :
                List.of(
                        "client_system",
                        "system_secret",
                        "system_gate",
                        "system_health",
                        "subscription",
                        "backfill",
                        "app_secret",
                        "meta_app")) {
            assertThat(relay.count("SELECT count(*) FROM " + table)).as(table).isZero();
        }
        relay.chainAudit();
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM audit WHERE event IN ('system.removed',"
                                        + " 'app.removed')"))
                .isEqualTo(3);
    }

    @Test
    void what_is_not_retired_stays_however_long_nothing_names_it() {
        relay.clock().advance(PAST_THE_RECORD);
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(*) FROM client_system")).isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM meta_app")).isEqualTo(1);
    }

    private String systems() {
        return relay.admin("/systems").body();
    }

    private List<RegistryChange> apply(String yaml) {
        return relay.registry().apply(parse(yaml));
    }

    private static RegistryFile parse(String yaml) {
        return RegistryFile.parse(yaml, Map.of(), true);
    }
}
