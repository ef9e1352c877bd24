package net.cartback.deletion.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Map;

class RegistryFileTest {

    private static final String VALID =
            """
            apps:
              - id: "1234567890"
                name: Example Shop
                platform: facebook
                state: live
                secrets:
                  - {label: facebook, value: "${SHOP_APP_SECRET}"}
                  - {label: instagram, value: "${SHOP_IG_SECRET}", not_after: "2027-01-31T00:00:00Z"}
                systems: [crm]
            systems:
              - id: crm
                name: Shop CRM
                public_name: Customer records
                url: https://crm.example.com/deletions
                secrets: [{value: "${CRM_WEBHOOK_SECRET}"}]
                events: [deletion]
                ack_means: accepted
                answers: {404: nothing_found}
                max_in_flight: 16
                rate_per_minute: 600
                timeout: PT15S
                receipt_within: P7D
            """;

    private static final Map<String, String> VARIABLES =
            Map.of(
                    "SHOP_APP_SECRET", "0123456789abcdef0123456789abcdef",
                    "SHOP_IG_SECRET", "fedcba9876543210fedcba9876543210",
                    "CRM_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    @Test
    void a_valid_file_is_read_with_its_variables_filled_in() {
        var file = RegistryFile.parse(VALID, VARIABLES, false);

        var app = file.apps().getFirst();
        assertThat(app.secrets())
                .extracting(RegistryFile.Secret::value)
                .contains(VARIABLES.get("SHOP_APP_SECRET"));
        var system = file.systems().getFirst();
        assertThat(system.answers()).containsEntry(404, "nothing_found");
        assertThat(system.timeout()).isEqualTo(Duration.ofSeconds(15));
        assertThat(system.receiptWithin()).isEqualTo(Duration.ofDays(7));
    }

    @Test
    void no_secret_is_shown() {
        assertThat(RegistryFile.parse(VALID, VARIABLES, false).toString())
                .doesNotContain(VARIABLES.values());
    }

    @Test
    void a_variable_cannot_change_the_structure_of_the_file() {
        var variables = new java.util.HashMap<>(VARIABLES);
        variables.put("SHOP_APP_SECRET", "0123456789x\"},{value:\"y");

        var file = RegistryFile.parse(VALID, variables, false);

        assertThat(file.apps().getFirst().secrets()).hasSize(2);
    }

    @Test
    void every_fault_is_named_by_its_path() {
        assertThatThrownBy(
                        () ->
                                RegistryFile.parse(
                                        """
                                        apps:
                                          - id: twelve
                                            platform: myspace
                                            state: dead
                                            secrets: [{value: ""}, {value: "${NOWHERE}"}]
                                            systems: crm
                                            colour: red
                                          - {id: "1", name: x, secrets: []}
                                          - {id: "1", name: y}
                                        systems:
                                          - id: CRM
                                            url: http://crm.example.com
                                            secrets: [{value: whsec_short}]
                                            events: [party]
                                            ack_means: maybe
                                            answers: {700: deleted, 404: retained}
                                            max_in_flight: 0
                                            rate_per_minute: many
                                            timeout: PT2M
                                            receipt_within: 7 days
                                        """,
                                        Map.of(),
                                        false))
                .isInstanceOfSatisfying(
                        InvalidRegistry.class,
                        invalid -> {
                            var all = String.join("\n", invalid.faults());
                            assertThat(all)
                                    .contains(
                                            "apps[0].id: must",
                                            "apps[0].platform: must",
                                            "apps[0].state: must",
                                            "apps[0].secrets[0].value: must not be empty",
                                            "apps[0].secrets[1].value: the environment variable"
                                                    + " NOWHERE",
                                            "apps[0].systems: must be a list",
                                            "apps[0].colour: is not a field",
                                            "apps[1].secrets: must hold at least one",
                                            "apps[2].id: is given twice",
                                            "systems[0].id: must",
                                            "systems[0].url: must be https",
                                            "systems[0].secrets[0].value: must be whsec_",
                                            "systems[0].events: may hold",
                                            "systems[0].ack_means: must",
                                            "systems[0].answers.700: is not",
                                            "systems[0].answers.404: must",
                                            "systems[0].max_in_flight: must",
                                            "systems[0].rate_per_minute: must",
                                            "systems[0].timeout: must",
                                            "systems[0].receipt_within: must");
                        });
    }

    @Test
    void what_is_no_yaml_or_has_a_key_twice_is_refused() {
        for (var broken :
                new String[] {"apps: [", "apps: []\napps: []", "- x", "17", "apps: {a: b}"}) {
            assertThatThrownBy(() -> RegistryFile.parse(broken, Map.of(), false))
                    .isInstanceOf(InvalidRegistry.class);
        }
    }

    @Test
    void ids_stand_once() {
        assertThatThrownBy(
                        () ->
                                RegistryFile.parse(
                                        "apps: [{id: \"1\", name: x}, {id: \"1\", name: y}]",
                                        Map.of(),
                                        false))
                .hasMessageContaining("apps[1].id: is given twice");
    }

    @Test
    void an_address_that_can_never_be_called_and_a_text_that_cannot_be_stored_are_refused() {
        for (var url :
                new String[] {
                    "https://crm.example.com:70000/x",
                    "https://crm.example.com:0/x",
                    "https://[fe80::1%25eth0]/x"
                }) {
            assertThatThrownBy(
                            () ->
                                    RegistryFile.parse(
                                            "systems: [{id: crm, url: \"%s\"}]".formatted(url),
                                            Map.of(),
                                            false))
                    .hasMessageContaining("systems[0].url: must");
        }
        assertThatThrownBy(
                        () ->
                                RegistryFile.parse(
                                        "systems: [{id: crm, name: \"a\\0b\"}]", Map.of(), false))
                .hasMessageContaining("systems[0].name: must not hold control characters");
    }

    @Test
    void plain_http_is_for_relays_with_exceptions_only() {
        var http = VALID.replace("https://", "http://");

        assertThatThrownBy(() -> RegistryFile.parse(http, VARIABLES, false))
                .hasMessageContaining("systems[0].url: must be https");
        assertThat(RegistryFile.parse(http, VARIABLES, true).names(RegistryView.Kind.SYSTEM, "crm"))
                .isTrue();
    }
}
