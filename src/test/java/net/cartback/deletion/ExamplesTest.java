package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** No example is valid by accident: what is published must open nothing. */
class ExamplesTest {

    @Test
    void no_secret_of_the_manifests_is_taken_as_it_stands() throws IOException {
        var values = new HashMap<String, String>();
        try (var documents =
                new YAMLMapper()
                        .readerFor(JsonNode.class)
                        .<JsonNode>readValues(
                                Path.of("k8s/overlays/example/secrets.example.yaml").toFile())) {
            documents.forEachRemaining(
                    each ->
                            each.path("stringData")
                                    .properties()
                                    .forEach(
                                            field ->
                                                    values.put(
                                                            field.getKey(),
                                                            field.getValue().textValue())));
        }

        for (var name : new String[] {"ADMIN_TOKEN", "DATABASE_URL"}) {
            assertThatThrownBy(() -> Config.read(Map.of(name, value(values, name))))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            e -> assertThat(e.faults()).anyMatch(each -> each.startsWith(name)));
        }
        assertThatThrownBy(
                        () ->
                                RegistryFile.parse(
                                        "apps: [{id: \"1\", name: x, secrets: [{value:"
                                                + " \"${SHOP_APP_SECRET}\"}]}]",
                                        values,
                                        false))
                .isInstanceOf(InvalidRegistry.class);
        assertThat(values).as("a keyring is made, not filled in").doesNotContainKey("keyring.json");
    }

    private static String value(Map<String, String> values, String name) {
        var value = values.get(name);
        assertThat(value).as(name).isNotNull();
        return String.valueOf(value);
    }

    @Test
    void the_pages_publish_no_secret() throws IOException {
        for (var page :
                new String[] {
                    "README.md",
                    "docs/CONFIGURATION.md",
                    "docs/OPERATING.md",
                    "docs/guides/operate.md",
                    "docs/guides/without-kubernetes.md"
                }) {
            var text = Files.readString(Path.of(page));

            assertThat(Pattern.compile("whsec_[A-Za-z0-9+/]{20,}").matcher(text).find()).isFalse();
            assertThat(Pattern.compile("[0-9a-f]{32}").matcher(text).find()).isFalse();
        }
    }
}
