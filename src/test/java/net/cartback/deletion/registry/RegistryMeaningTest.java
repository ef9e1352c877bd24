package net.cartback.deletion.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import net.cartback.deletion.crypto.Placeholder;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A registry means what is written in it, or it is refused. */
class RegistryMeaningTest {

    private static final String SECRET = "5f0c6a8e9b1d4c375f0c6a8e9b1d4c37";
    private static final String WEBHOOK = "whsec_W7lVhXn2K8cQ0rT5yUiOpAsDfGhJkLzXcVbNm1Q3E4o=";

    @Test
    void anchors_aliases_and_tags_are_refused_by_path() {
        var faults =
                faults(
                        """
                        apps:
                          - id: "1"
                            name: &shop Shop
                            secrets: [{value: &first 5f0c6a8e9b1d4c375f0c6a8e9b1d4c37}]
                          - id: "2"
                            name: *shop
                            secrets: [{value: *first}]
                          - id: !!str 3
                            name: !secret x
                            secrets: &all [{value: 5f0c6a8e9b1d4c375f0c6a8e9b1d4c37}]
                          - &app {id: "4", name: x, secrets: *all}
                          - {&key id: "5"}
                        systems: !!seq []
                        """);

        assertThat(faults)
                .extracting(fault -> fault.substring(0, fault.indexOf(':')))
                .contains(
                        "apps[0].name",
                        "apps[0].secrets[0].value",
                        "apps[1].name",
                        "apps[1].secrets[0].value",
                        "apps[2].id",
                        "apps[2].name",
                        "apps[2].secrets",
                        "apps[3]",
                        "apps[3].secrets",
                        "apps[4] (a name)",
                        "systems");
        assertThat(faults)
                .filteredOn(each -> each.startsWith("apps[1].secrets[0].value"))
                .first()
                .asString()
                .contains("write the value out");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "${SHOP_APP_SECRET:-}",
                "${SHOP_APP_SECRET:-0123456789abcdef0123456789abcdef}",
                "${SHOP_APP_SECRET:?unset}",
                "$SHOP_APP_SECRET",
                "$$SHOP_APP_SECRET",
                "$(SHOP_APP_SECRET)",
                "$(cat /run/secrets/shop)",
                "{{ shop_app_secret }}",
                "{{ .Values.shop.appSecret }}",
                "${{ secrets.SHOP_APP_SECRET }}",
                "<your-app-secret-goes-here>",
                "<%= ENV['SHOP_APP_SECRET'] %>",
                "%SHOP_APP_SECRET%",
                "%(shop_app_secret)s",
                "@SHOP_APP_SECRET@",
                "#{shop.app.value.of.meta}",
                "__SHOP_APP_KEY_OF_META__",
                "[insert the key of the app]",
                "META_APP_SECRET_OF_SHOP",
                "super-secret-password",
                "REPLACE-ME",
                "REPLACE-ME-with-openssl-rand-hex-16",
                "replace_with_meta_app_key",
                "changeme-changeme-changeme",
                "change_this_to_a_long_text",
                "TODO-put-the-key-of-meta",
                "your-meta-app-key-0000000",
                "YOUR_FACEBOOK_APP_KEY_HERE",
                "placeholder-placeholder",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "********************************",
                "00000000000000000000000000000000",
                "................................",
                "op://vault/shop/app-key-of-meta",
                "vault:kv/data/shop#app_key_of_meta",
                "ref+vault://kv/shop#/app_key_of_meta",
                "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=]",
                "arn:aws:secretsmanager:eu-west-1:1:x:shop",
                "projects/7/secrets/shop/versions/1",
                "/run/secrets/shop_app_key_of_meta",
                "a",
                "x1",
                ":shop_app_key_of_meta",
                "SHOP1_APP_SECRET_2",
                "fifteen-letters",
                "0123456789abcde"
            })
    void what_nobody_filled_in_or_is_short_is_no_app_secret(String value) {
        var faults =
                faults(
                        "apps: [{id: \"1\", name: x, secrets: [{value: '"
                                + value.replace("'", "''")
                                + "'}]}]");

        assertThat(faults)
                .isNotEmpty()
                .allMatch(each -> each.startsWith("apps[0].secrets[0].value: "));
        // The value is never quoted; a short one may be a part of any sentence.
        if (value.length() > 8) {
            assertThat(faults.toString()).doesNotContain(value);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"REPLACE-ME", "${X:-y}", "{{ x }}", "${CONTENT}", "${SHORT}", "${UNSET}"})
    void so_is_what_a_variable_holds(String value) {
        var variables = Map.of("CONTENT", "change-me-change-me-change-me", "SHORT", "abc");

        assertThat(
                        faults(
                                "apps: [{id: \"1\", name: x, secrets: [{value: \""
                                        + value
                                        + "\"}]}]",
                                variables))
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "whsec_REPLACEMEREPLACEMEREPLACEMEREPLACEME",
                "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "whsec_changemechangemechangemechangeme",
                "{{ webhook }}",
                // The same words as base64.
                "whsec_UkVQTEFDRS1NRS13aXRoLTMyLXJhbmRvbS1ieXRlcw==",
                "whsec_${X:-}"
            })
    void nor_is_it_a_webhook_secret(String value) {
        assertThat(
                        faults(
                                "systems: [{id: a, name: x, url: \"https://a.example\", secrets:"
                                        + " [{value: \""
                                        + value
                                        + "\"}]}]"))
                .anyMatch(each -> each.startsWith("systems[0].secrets[0].value: "));
    }

    @Test
    void random_secrets_are_hardly_ever_taken_for_placeholders() {
        var random = new Random(20261125);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            var secret = new StringBuilder();
            for (int k = 0; k < 32; k++) {
                secret.append((char) (33 + random.nextInt(94)));
            }
            refused += Placeholder.isOne(secret.toString()) ? 1 : 0;
        }
        assertThat(refused).isLessThan(10);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name | {{ shop.name }}",
                "name | <shop-name>",
                "public_name | REPLACE-ME",
                "public_name | <%= name %>",
                "url | https://REPLACE-ME.example/deletions",
                "url | https://changemehost.example/deletions",
                "url | https://crm.example/{{ path }}",
                "url | https://crm.example/__PATH__"
            })
    void names_and_addresses_of_a_template_are_refused(String field, String value) {
        var fields = new TreeMap<>(Map.of("name", "x", "url", "https://a.example"));
        fields.put(field, value);
        var written =
                new StringBuilder(
                        "systems:\n  - id: a\n    secrets: [{value: \"" + WEBHOOK + "\"}]\n");
        fields.forEach(
                (key, each) ->
                        written.append("    ")
                                .append(key)
                                .append(": '")
                                .append(each)
                                .append("'\n"));

        assertThat(faults(written.toString()))
                .containsExactly("systems[0]." + field + ": " + Placeholder.ruleInWords(value));
    }

    @Test
    void nulls_are_read_as_they_are_read_back() {
        assertThat(
                        faults(
                                "{\"systems\":[{\"id\":\"a\",\"answers_header\":null,\"secrets\":[{\"id\":"
                                    + "\"5f0c6a8e-9b1d-4c37-8f0c-6a8e9b1d4c37\",\"label\":null,"
                                    + "\"not_after\":null}]}]}"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5f0c6a8e9b1d4c375f0c6a8e9b1d4c37",
                "0123456789abcdef",
                "deadbeefcafe4711deadbeefcafe4711",
                "Zk$9.aQ!2_vX-7pL~w3e",
                "a1${b"
            })
    void a_secret_that_is_one_is_taken(String value) {
        var faults = faults("apps: [{id: \"1\", name: x, secrets: [{value: '" + value + "'}]}]");

        if (value.contains("${")) {
            assertThat(faults).isNotEmpty();
        } else {
            assertThat(faults).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "systems[0].id | systems: [{id: 2024_01, name: x}]",
                "systems[0].id | systems: [{id: 2024-01-01, name: x}]",
                "systems[0].id | systems: [{id: no, name: x}]",
                "systems[0].id | systems: [{id: 0x1f, name: x}]",
                "systems[0].id | systems: [{id: 1e3, name: x}]",
                "systems[0].id | systems: [{id: 190:20:30, name: x}]",
                "systems[0].name | systems: [{id: a, name: 12}]",
                "systems[0].name | systems: [{id: a, name: true}]",
                "systems[0].public_name | systems: [{id: a, name: x, public_name: On}]",
                "apps[0].id | apps: [{id: 1234567890, name: x}]",
                "apps[0].id | apps: [{id: 0123, name: x}]",
                "apps[0].systems[1] | apps: [{id: \"1\", name: x, systems: [a, 7]}]",
                "apps[0].secrets[0].value | apps: [{id: \"1\", name: x, secrets: [{value:"
                        + " 12345678901234567890123456789012}]}]",
                "apps[0].secrets[0].label | apps: [{id: \"1\", name: x, secrets: [{label: 1, value:"
                        + " 5f0c6a8e9b1d4c375f0c6a8e9b1d4c37}]}]"
            })
    void what_is_no_text_in_yaml_is_no_id_and_no_name(String path, String yaml) {
        assertThat(faults(yaml))
                .contains(
                        path
                                + ": is read as a number, a date or a boolean, and not as"
                                + " text: put it in quotes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"010", "1_0", "0x10", "1e1", "10.0", "+10", "-1", "ten", "10 "})
    void a_number_is_read_as_it_is_written_or_not_at_all(String number) {
        var faults = faults("systems: [{id: a, name: x, max_in_flight: " + number + "}]");

        assertThat(faults).hasSize(number.equals("10 ") ? 0 : 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://shop_crm.example.com/x",
                "https://_acme.example.com/x",
                "https://b\u00FCcher.example/x",
                "https://xn--bcher-kva.example/x",
                "https://crm.example.com/x?token=a|b{c}^`d\\\"e",
                "https://crm.example.com/x?token=%zz",
                "https://crm.example.com./x",
                "HTTPS://CRM.EXAMPLE.COM/x",
                "https://[2606:4700::1111]:8443/x",
                "https://1.2.3.4/x",
                "https://crm"
            })
    void what_the_client_can_call_is_taken(String url) {
        assertThat(faults("systems: [{id: a, name: x, url: \"" + url + "\"}]")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/x",
                "https://a..example/x",
                "https://.example/x",
                "https://a b.example/x",
                "https://a%20b.example/x",
                "https:///x",
                "https:/a.example/x",
                "https:a.example",
                "https://a.example:0/",
                "https://a.example:65536/",
                "https://a.example:x/",
                "https://user@a.example/",
                "https://user:pass@a.example/",
                "https://a.example/#x",
                "https://[fe80::1%25eth0]/",
                "https://[::1/",
                "https://1.2.3.4.5/",
                "https://999.1.1.1/",
                "https://shop.123/",
                "https://167772161/",
                "https://*.a.example/",
                "https://a,b.example/",
                "https://a\u200B.example/",
                "https://a.example/x\u200By",
                "https://a.example/x\u2060",
                "ftp://a.example/",
                "a.example",
                "${X:-https://a.example}"
            })
    void what_it_cannot_call_is_a_fault(String url) {
        assertThat(faults("systems: [{id: a, name: x, url: \"" + url + "\"}]"))
                .hasSize(1)
                .allMatch(each -> each.startsWith("systems[0].url: "));
    }

    @Test
    void variables_work_in_every_value() throws Exception {
        var pem = new okhttp3.tls.HeldCertificate.Builder().build().certificatePem();
        var variables =
                Map.of(
                        "ID",
                        "crm",
                        "NAME",
                        "Shop",
                        "URL",
                        "https://a.example",
                        "SECRET",
                        WEBHOOK,
                        "N",
                        "7",
                        "P",
                        "PT9S",
                        "CA",
                        pem,
                        "OUT",
                        "nothing_found",
                        "H",
                        "X-CRM",
                        "E",
                        "deletion");

        var file =
                RegistryFile.parse(
                        """
                        systems:
                          - {id: "${ID}", name: "${NAME}", public_name: "The ${NAME}", url: "${URL}/x",
                             secrets: [{value: "${SECRET}", label: "${NAME}"}], events: ["${E}"],
                             max_in_flight: "${N}", rate_per_minute: "${N}00", timeout: "${P}",
                             answers: {404: "${OUT}"}, answers_header: "${H}", ca: "${CA}"}
                        """,
                        variables,
                        false);

        var system = file.systems().getFirst();
        assertThat(system.id().value()).isEqualTo("crm");
        assertThat(system.publicName()).isEqualTo("The Shop");
        assertThat(system.maxInFlight()).isEqualTo(7);
        assertThat(system.ratePerMinute()).isEqualTo(700);
        assertThat(system.ca()).isEqualTo(pem);
        assertThat(system.answers()).containsEntry(404, "nothing_found");
        assertThat(system.answersHeader()).isEqualTo("X-CRM");
    }

    @ParameterizedTest
    @ValueSource(strings = {"401", "403", "407", "408", "429", "302", "500", "502", "503", "100"})
    void a_status_of_networks_and_servers_is_never_an_answer(String status) {
        assertThat(faults("systems: [{id: a, name: x, answers: {" + status + ": nothing_found}}]"))
                .hasSize(1)
                .allMatch(each -> each.startsWith("systems[0].answers." + status));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Type", "server", "Via", "X Y", "X:Y", "date"})
    void a_header_that_anybody_sends_says_nothing_of_the_client(String header) {
        assertThat(faults("systems: [{id: a, name: x, answers_header: \"" + header + "\"}]"))
                .hasSize(1)
                .allMatch(each -> each.startsWith("systems[0].answers_header: "));
    }

    private static List<String> faults(String yaml) {
        return faults(yaml, Map.of("SECRET", SECRET));
    }

    private static List<String> faults(String yaml, Map<String, String> variables) {
        var refused =
                catchThrowableOfType(
                        InvalidRegistry.class, () -> RegistryFile.parse(yaml, variables, false));
        return refused == null ? List.of() : refused.faults();
    }
}
