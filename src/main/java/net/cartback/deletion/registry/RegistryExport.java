package net.cartback.deletion.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator.Feature;

import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;

import java.util.List;
import java.util.Map;

/**
 * Writes what is registered as a registry file. Applying it to the same database changes nothing:
 * secrets are named by their ids, and an address that has a query is not named.
 */
public final class RegistryExport {

    private static final ObjectMapper YAML =
            new ObjectMapper(
                    YAMLFactory.builder()
                            .disable(Feature.WRITE_DOC_START_MARKER, Feature.SPLIT_LINES)
                            .enable(
                                    Feature.LITERAL_BLOCK_STYLE,
                                    Feature.INDENT_ARRAYS_WITH_INDICATOR)
                            .build());

    private static final String SECRETS =
            "# Secrets stay in the database: an entry names each secret by its id. For another"
                    + " database, write the secret's value instead.\n";

    private RegistryExport() {}

    /** The text of the file, in UTF-8 lines that end with a line feed. */
    public static String yaml(Map<Kind, Map<String, Entry>> entries) {
        var text = new StringBuilder(SECRETS);
        var file = JsonNodeFactory.instance.objectNode();
        for (var kind : List.of(Kind.SYSTEM, Kind.APP)) {
            var list = file.putArray(kind.list());
            for (var entry : entries.getOrDefault(kind, Map.of()).values()) {
                var json = entry.json().deepCopy();
                if (json.path("url_has_query").asBoolean()) {
                    text.append("# The address of ")
                            .append(json.get("id").textValue())
                            .append(
                                    " has a query, which stays in the database, too: an entry"
                                            + " without url keeps its registered address.\n");
                    json.remove("url");
                }
                json.remove("url_has_query");
                list.add(withoutNulls(json));
            }
        }
        try {
            return text.append(YAML.writeValueAsString(file)).toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("An entry has no form in YAML", e);
        }
    }

    /** A field that has no value is not named. */
    private static ObjectNode withoutNulls(ObjectNode json) {
        json.path("secrets").forEach(each -> ((ObjectNode) each).removeIf(JsonNode::isNull));
        json.removeIf(JsonNode::isNull);
        return json;
    }
}
