package net.cartback.deletion.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** One object of a YAML file: which fields stand there, and what is wrong with them. */
abstract class YamlObject {

    /** A field that is there, and empty. */
    static final String NO_VALUE = "has no value (one that begins with # must be in quotes)";

    private static final int MAX_ENTRIES = 10_000;

    private final String path;
    private final JsonNode node;
    private final Source source;
    private final List<String> faults;

    /**
     * The variables and values with which fields are read.
     *
     * @param notText each value that YAML does not read as text, as written in the file, by path
     */
    public record Source(Map<String, String> variables, Map<String, String> notText) {}

    YamlObject(String path, JsonNode node, Source source, List<String> faults) {
        this.path = path;
        this.node = node;
        this.source = source;
        this.faults = faults;
        if (!node.isObject()) {
            faults.add((path.isEmpty() ? "the file" : path) + ": must be a mapping of fields");
        }
    }

    public void fault(String field, String rule) {
        faults.add(path(field) + ": " + rule);
    }

    final String path(String field) {
        return (path.isEmpty() ? "" : path + ".") + field;
    }

    /** Of the fields that stand here, also of those that are null. */
    public Set<String> names() {
        return node.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
    }

    public void allow(String... names) {
        var known = Set.of(names);
        for (var name : (Iterable<String>) node::fieldNames) {
            if (!known.contains(name)) {
                fault(
                        name,
                        Misspelt.meant(name, known)
                                .map(meant -> "is not a field here: is " + meant + " meant?")
                                .orElse(
                                        "is not a field here; the fields are "
                                                + String.join(", ", names)));
            }
        }
    }

    public boolean has(String field) {
        return node.has(field) && !node.get(field).isNull();
    }

    /** Finds fault with each field that stands here without a value. */
    public void requireValues() {
        for (var each : node.properties()) {
            if (each.getValue().isNull()) {
                fault(each.getKey(), NO_VALUE);
            }
        }
    }

    /** The whole tree as text with its variables filled in. */
    public String filledIn() {
        return Placeholders.filledInSoFar(node.toString(), source.variables());
    }

    final JsonNode list(String field) {
        var list = node.get(field);
        if (!list.isArray()) {
            fault(field, "must be a list");
        } else if (list.size() > MAX_ENTRIES) {
            fault(field, "must have at most " + MAX_ENTRIES + " entries");
        }
        return list.isArray() && list.size() <= MAX_ENTRIES
                ? list
                : JsonNodeFactory.instance.arrayNode();
    }

    final JsonNode node() {
        return node;
    }

    final Source source() {
        return source;
    }

    final List<String> faults() {
        return faults;
    }
}
