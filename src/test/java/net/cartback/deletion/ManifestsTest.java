package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The manifests are parsed as strictly as a cluster would: wrong types and unknown keys are faults.
 */
class ManifestsTest {

    private static final Path BASE = Path.of("k8s/base");
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final KubernetesSerialization KUBERNETES = new KubernetesSerialization();

    static Stream<Path> manifests() throws IOException {
        var files = new ArrayList<Path>();
        try (var base = Files.list(BASE)) {
            base.filter(file -> !file.endsWith("kustomization.yaml")).forEach(files::add);
        }
        files.add(Path.of("k8s/secrets.example.yaml"));
        return files.stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void a_manifest_has_no_unknown_key_and_no_wrong_type(Path file) throws IOException {
        for (var document : documents(file)) {
            assertThat(faults(YAML.writeValueAsString(document))).as(file.toString()).isEmpty();
        }
    }

    @Test
    void an_unknown_key_and_a_wrong_type_would_be_found() {
        var service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [%s]}";
        assertThat(faults(service.formatted("{port: 1}"))).isEmpty();
        assertThat(faults(service.formatted("{port: 1, prot: 1}"))).isNotEmpty();
        assertThatThrownBy(() -> faults(service.formatted("{port: many}")))
                .isInstanceOf(RuntimeException.class);
    }

    @Test
    void the_kustomization_names_every_file_and_nothing_else() throws IOException {
        var named = new TreeSet<String>();
        YAML.readTree(BASE.resolve("kustomization.yaml").toFile())
                .get("resources")
                .forEach(each -> named.add(each.textValue()));
        try (var files = Files.list(BASE)) {
            assertThat(
                            files.map(file -> file.getFileName().toString())
                                    .filter(name -> !name.equals("kustomization.yaml")))
                    .containsExactlyInAnyOrderElementsOf(named);
        }
    }

    @Test
    void every_secret_and_config_map_that_is_used_is_defined_or_made_by_the_database_operator()
            throws IOException {
        var defined = new TreeSet<>(List.of("relay-db-app", "relay-db-ca"));
        var used = new TreeSet<String>();
        for (var file : manifests().toList()) {
            for (var document : documents(file)) {
                if (List.of("Secret", "ConfigMap").contains(document.get("kind").textValue())) {
                    defined.add(document.at("/metadata/name").textValue());
                }
                for (var field :
                        List.of(
                                "secretKeyRef",
                                "configMapRef",
                                "secretRef",
                                "passwordSecret",
                                "configMap")) {
                    document.findValues(field)
                            .forEach(each -> used.add(each.get("name").textValue()));
                }
                document.findValues("secretName").forEach(each -> used.add(each.textValue()));
            }
        }
        used.remove("relay-tls"); // cert-manager makes it
        assertThat(used).isNotEmpty().isSubsetOf(defined);
    }

    @Test
    void all_connections_of_all_replicas_fit_the_limits_of_the_database() throws IOException {
        var replicas =
                documents(BASE.resolve("deployment.yaml"))
                        .getFirst()
                        .at("/spec/replicas")
                        .intValue();
        var pool =
                documents(BASE.resolve("config.yaml"))
                        .getFirst()
                        .at("/data/DATABASE_POOL_SIZE")
                        .asInt();
        var database = documents(BASE.resolve("database.yaml")).getFirst();
        var limit = database.at("/spec/managed/roles/0/connectionLimit").intValue();

        // Old pods may end after all new ones have come; one more connection each for notifications
        // and for a look at the schema's version.
        assertThat(replicas * 2 * (pool + 2)).isPositive().isLessThanOrEqualTo(limit);
        assertThat(limit)
                .isLessThan(database.at("/spec/postgresql/parameters/max_connections").asInt());
    }

    @Test
    void an_answered_callback_survives_a_failover() throws IOException {
        var spec = documents(BASE.resolve("database.yaml")).getFirst().get("spec");

        assertThat(spec.get("instances").intValue()).isEqualTo(3);
        assertThat(spec.at("/postgresql/synchronous/number").intValue()).isEqualTo(1);
        assertThat(spec.at("/postgresql/synchronous/dataDurability").textValue())
                .isEqualTo("required");
        assertThat(spec.at("/postgresql/synchronous/failoverQuorum").booleanValue()).isTrue();
    }

    @Test
    void the_pod_runs_without_rights() throws IOException {
        for (var file : List.of("deployment.yaml", "migrate.yaml")) {
            var pod = documents(BASE.resolve(file)).getFirst().at("/spec/template/spec");
            assertThat(pod.at("/securityContext/runAsNonRoot").booleanValue()).isTrue();
            assertThat(
                            pod.at("/containers/0/securityContext/readOnlyRootFilesystem")
                                    .booleanValue())
                    .isTrue();
            assertThat(pod.at("/containers/0/securityContext/allowPrivilegeEscalation").isBoolean())
                    .isTrue();
            assertThat(
                            pod.at("/containers/0/securityContext/allowPrivilegeEscalation")
                                    .booleanValue())
                    .isFalse();
        }
    }

    private static List<JsonNode> documents(Path file) throws IOException {
        try (var parser = YAML.getFactory().createParser(file.toFile())) {
            return YAML.readValues(parser, JsonNode.class).readAll();
        }
    }

    private static List<String> faults(String yaml) {
        HasMetadata resource = KUBERNETES.unmarshal(yaml);
        var faults = new ArrayList<String>();
        if (resource instanceof GenericKubernetesResource generic) {
            // Not a type of Kubernetes' own; the database operator's is the only one.
            if (!generic.getApiVersion().equals("postgresql.cnpg.io/v1")) {
                faults.add("unknown kind " + generic.getKind());
            }
            return faults;
        }
        walk("", resource, faults);
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
