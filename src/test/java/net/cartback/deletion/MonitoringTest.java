package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import net.cartback.deletion.attention.Attention.Cause;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Rules and dashboard name what there is; each alert has a test and a section that says what to do.
 */
class MonitoringTest {

    private static final Path RULES = Path.of("monitoring/rules.yaml");
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Pattern METRIC =
            Pattern.compile("\\b((?:relay|hikaricp|jvm|process)_\\w+)");

    @Test
    void the_rules_of_the_cluster_are_the_same() throws IOException {
        var resource = YAML.readTree(Path.of("k8s/components/monitoring/rules.yaml").toFile());
        assertThat(resource.get("spec")).isEqualTo(YAML.readTree(RULES.toFile()));
    }

    @Test
    void each_alert_has_a_section_that_says_what_to_do_and_a_test() throws IOException {
        var page = Files.readString(Path.of("docs/OPERATING.md"));
        var tested = new TreeSet<String>();
        for (var test :
                YAML.readTree(Path.of("monitoring/rules.test.yaml").toFile()).get("tests")) {
            var name = test.get("name").textValue();
            assertThat(test.findValues("exp_alerts")).as(name).isNotEmpty();
            tested.add(name);
        }
        var alerts = new TreeSet<String>();
        for (var rule : alerts()) {
            var name = rule.get("alert").textValue();
            alerts.add(name);
            assertThat(page).contains("\n### " + name + "\n");
            assertThat(rule.at("/annotations/runbook").textValue())
                    .isEqualTo("docs/OPERATING.md#" + name.toLowerCase(Locale.ROOT));
        }
        assertThat(alerts).hasSizeGreaterThan(20).isEqualTo(tested);
    }

    @Test
    void rules_and_dashboard_name_only_metrics_that_there_are() throws IOException {
        var page = Files.readString(Path.of("docs/METRICS.md"));
        var queries = new ArrayList<String>();
        alerts().forEach(each -> queries.add(each.get("expr").textValue()));
        new ObjectMapper()
                .readTree(Path.of("monitoring/dashboard.json").toFile())
                .findValues("expr")
                .forEach(each -> queries.add(each.textValue()));
        assertThat(queries).hasSizeGreaterThan(50);
        for (var query : queries) {
            var names = METRIC.matcher(query);
            while (names.find()) {
                var name = names.group(1).replaceAll("_(count|sum)$", "");
                assertThat(page).as(query).contains("`" + name + "`");
            }
        }
    }

    @Test
    void every_cause_that_needs_an_operator_has_an_alert() throws IOException {
        var queries = alerts().stream().map(each -> each.get("expr").textValue()).toList();
        // Told by other figures: the relay's own absence, what is parked or held by each system,
        // refused signatures by each app, and what a replica tells of itself.
        var otherwise =
                List.of(
                        Cause.NO_RELAY,
                        Cause.PARKED,
                        Cause.HELD,
                        Cause.SIGNATURES_REFUSED,
                        Cause.AUDIT_BEHIND,
                        Cause.SWEEP_BEHIND,
                        Cause.FIGURES_OLD);
        assertThat(
                        Arrays.stream(Cause.values())
                                .filter(cause -> !otherwise.contains(cause))
                                .map(Cause::wireName))
                .allMatch(cause -> queries.stream().anyMatch(query -> query.contains(cause)));
    }

    private static List<JsonNode> alerts() throws IOException {
        var alerts = new ArrayList<JsonNode>();
        for (var group : YAML.readTree(RULES.toFile()).get("groups")) {
            group.get("rules").forEach(alerts::add);
        }
        return alerts;
    }
}
