package net.cartback.deletion.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * What applying a registry file changes of one entry, or would change. It shows no secret and no
 * query of an address.
 *
 * @param fields what changes; of a new entry, what it is
 */
public record RegistryChange(Kind kind, String id, boolean isNew, List<Field> fields) {

    /**
     * A field that changes.
     *
     * @param before null: the entry is new
     */
    public record Field(String name, @Nullable String before, String after) {
        @Override
        public String toString() {
            return before == null ? name + " " + after : name + " " + before + " -> " + after;
        }
    }

    public RegistryChange {
        fields = List.copyOf(fields);
    }

    /**
     * What is different; empty: nothing.
     *
     * @param otherQuery whether the query of its address is another, which entries do not show
     */
    static List<RegistryChange> between(
            Kind kind, @Nullable Entry before, Entry after, boolean otherQuery) {
        var fields = new ArrayList<Field>();
        for (var each : after.json().properties()) {
            var name = each.getKey();
            var old = before == null ? null : before.json().path(name);
            if (!name.equals("id") && !each.getValue().equals(old)) {
                fields.add(
                        new Field(
                                name,
                                old == null ? null : text(name, old),
                                text(name, each.getValue())));
            }
        }
        if (otherQuery) {
            fields.add(new Field("url", "its query", "another query"));
        }
        return fields.isEmpty()
                ? List.of()
                : List.of(
                        new RegistryChange(
                                kind, after.json().get("id").textValue(), before == null, fields));
    }

    private static String text(String name, JsonNode value) {
        if (name.equals("secrets")) {
            return StreamSupport.stream(value.spliterator(), false)
                    .map(RegistryChange::secret)
                    .collect(Collectors.joining(", ", "[", "]"));
        }
        if (name.equals("ca") && !value.textValue().equals("public")) {
            var digest = Digest.sha256(value.textValue().getBytes(UTF_8));
            return "its own (" + HexFormat.of().formatHex(digest, 0, 4) + ")";
        }
        return value.isNull() ? "none" : value.isTextual() ? value.textValue() : value.toString();
    }

    /** The secret's label, with the beginning of its random id. */
    private static String secret(JsonNode secret) {
        var label = secret.path("label");
        var id = secret.path("id").asText().substring(0, 8);
        var name = label.isTextual() ? label.textValue() + " (id " + id + "…)" : "id " + id + "…";
        var end = secret.path("not_after");
        return end.isTextual() ? name + " until " + end.textValue() : name;
    }

    /** Whether nothing new shall come to it from now on. */
    boolean retires() {
        return fields.stream()
                .anyMatch(each -> each.name().equals("state") && each.after().equals("retired"));
    }

    /** As in {@code system crm: timeout PT15S -> PT30S}. */
    @Override
    public String toString() {
        return kind.word()
                + " "
                + id
                + (isNew ? ": new; " : ": ")
                + fields.stream().map(Field::toString).collect(Collectors.joining("; "));
    }
}
