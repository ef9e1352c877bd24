package net.cartback.deletion.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import net.cartback.deletion.crypto.Digest;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What is registered, as operators read it back: in the form of the registry file, with the ids of
 * secrets instead of their values, and addresses without their query.
 */
public final class RegistryView {

    private RegistryView() {}

    /**
     * An app or a system as it is registered.
     *
     * @param json as in the registry file
     * @param version changes with every change of the entry, secrets included: fit for an ETag
     */
    public record Entry(ObjectNode json, String version) {

        /** Whether nothing new concerns it any more. */
        public boolean isRetired() {
            return json.path("state").asText().equals("retired");
        }

        static Entry of(ObjectNode json, byte[] hidden) {
            var text = json + HexFormat.of().formatHex(hidden);
            return new Entry(
                    json, HexFormat.of().formatHex(Digest.sha256(text.getBytes(UTF_8)), 0, 16));
        }
    }

    /** An entry was changed after the caller had read it; nothing was changed now. */
    public static final class Stale extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Stale() {
            super("The entry has changed since it was read", null, false, false);
        }
    }

    /** The two kinds of entries. */
    public enum Kind {
        APP("app", "apps"),
        SYSTEM("system", "systems");

        private final String word;
        private final String list;

        Kind(String word, String list) {
            this.word = word;
            this.list = list;
        }

        /** What one of them is called. */
        public String word() {
            return word;
        }

        /** What their list is called in the registry file. */
        public String list() {
            return list;
        }
    }

    /** A registry file that names one entry. */
    static ObjectNode file(Kind kind, String id, ObjectNode fields) {
        var file = JsonNodeFactory.instance.objectNode();
        file.putArray(kind.list()).add(fields.deepCopy().put("id", id));
        return file;
    }

    /** Faults of such a file, named by the entry's fields. */
    static List<String> named(Kind kind, List<String> faults) {
        return faults.stream().map(fault -> fault.replace(kind.list() + "[0].", "")).toList();
    }

    static String version(Optional<Entry> entry) {
        return entry.map(Entry::version).orElse("");
    }
}
