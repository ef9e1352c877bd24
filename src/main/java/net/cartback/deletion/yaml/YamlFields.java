package net.cartback.deletion.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;

import net.cartback.deletion.crypto.Certificates;
import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.language.Names;

import org.jspecify.annotations.Nullable;

import java.security.cert.CertificateException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The fields of one object of a YAML file. A field that breaks its rule leaves a fault named by its
 * path and reads as absent. {@code ${NAME}} is filled in after parsing, so that a variable's
 * content cannot change the file's structure.
 */
public final class YamlFields extends YamlObject {

    private static final String NOT_TEXT =
            "is read as a number, a date or a boolean, and not as text: put it in quotes";
    private static final int MAX_PEM = 64 * 1024;
    private static final int MAX_TEXT = 10_000;

    public YamlFields(String path, JsonNode node, Source source, List<String> faults) {
        super(path, node, source, faults);
    }

    /** The fields of the object in this field; null if there is none. */
    public @Nullable YamlFields object(String field) {
        return has(field)
                ? new YamlFields(path(field), node().get(field), source(), faults())
                : null;
    }

    public @Nullable String required(String field, Predicate<String> rule, String ruleText) {
        if (!has(field)) {
            fault(field, "is required");
            return null;
        }
        var text = text(field, 1, MAX_TEXT);
        if (text != null && !rule.test(text)) {
            fault(field, ruleText);
            return null;
        }
        return text;
    }

    /** As it stands in the file; null if it is no single value. No fault is found with it. */
    public @Nullable String raw(String field) {
        return node().path(field).isValueNode() && has(field) ? node().get(field).asText() : null;
    }

    /** A value that YAML reads as text, so that it means what is written. */
    public @Nullable String text(String field, int min, int max) {
        return isText(field) ? scalar(field, node().get(field), min, max) : null;
    }

    /** A word or a number of a form that leaves no doubt, however YAML takes it. */
    private @Nullable String word(String field, int max) {
        return has(field) ? scalar(field, node().get(field), 1, max) : null;
    }

    private boolean isText(String field) {
        return has(field) && isWrittenAsText(field);
    }

    /** Whether YAML takes it for text; else a fault. */
    private boolean isWrittenAsText(String field) {
        var notText = source().notText().get(path(field));
        if (notText != null) {
            fault(field, notText.isEmpty() || notText.equals("null") ? NO_VALUE : NOT_TEXT);
        }
        return notText == null;
    }

    public @Nullable UUID uuid(String field) {
        return parsed(
                field,
                text(field, 1, 100),
                "must be an id that the relay returned (a UUID)",
                text -> text.length() == 36 ? UUID.fromString(text) : null);
    }

    /** Reads a value, or finds none in it. */
    private interface Reading<T> {
        @Nullable T of(String text) throws CertificateException;
    }

    /** The value in a text; null, and a fault by the rule, if there is none. */
    private <T> @Nullable T parsed(
            String field, @Nullable String text, String rule, Reading<T> reading) {
        if (text == null) {
            return null;
        }
        @Nullable T value;
        try {
            value = reading.of(text);
        } catch (IllegalArgumentException | DateTimeException | CertificateException e) {
            value = null;
        }
        if (value == null) {
            fault(field, rule);
        }
        return value;
    }

    public @Nullable String oneOf(String field, Set<String> allowed) {
        var text = word(field, 100);
        if (text != null && !allowed.contains(text)) {
            fault(field, "must be " + String.join(" or ", allowed.stream().sorted().toList()));
            return null;
        }
        return text;
    }

    public @Nullable List<String> texts(String field) {
        if (!has(field)) {
            return null;
        }
        var texts = new ArrayList<String>();
        var list = list(field);
        for (int i = 0; i < list.size(); i++) {
            var each = field + "[" + i + "]";
            var text = isWrittenAsText(each) ? scalar(each, list.get(i), 1, 200) : null;
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    public List<YamlFields> objects(String field) {
        var objects = new ArrayList<YamlFields>();
        if (has(field)) {
            var list = list(field);
            for (int i = 0; i < list.size(); i++) {
                var name = path(field) + "[" + i + "]";
                objects.add(new YamlFields(name, list.get(i), source(), faults()));
            }
        }
        return objects;
    }

    public @Nullable Map<String, String> map(String field) {
        if (!has(field)) {
            return null;
        }
        var map = new LinkedHashMap<String, String>();
        if (!node().get(field).isObject()) {
            fault(field, "must be a mapping");
            return map;
        }
        for (var entry : node().get(field).properties()) {
            var text = scalar(field + "." + entry.getKey(), entry.getValue(), 1, 100);
            if (text != null) {
                map.put(entry.getKey(), text);
            }
        }
        return map;
    }

    /** A text that people read, of at most this many characters. */
    public @Nullable String shown(String field, int max) {
        return isText(field) ? shown(field, node().get(field), max) : null;
    }

    /** Such a text for each language that is named by its tag. */
    public @Nullable Map<Language, String> shownByLanguage(String field, int max) {
        if (!has(field)) {
            return null;
        }
        var texts = new EnumMap<Language, String>(Language.class);
        if (!node().get(field).isObject()) {
            fault(field, "must be a mapping from languages to texts, such as {en: …, de: …}");
            return texts;
        }
        for (var entry : node().get(field).properties()) {
            var each = field + "." + entry.getKey();
            var language = Language.ofTag(entry.getKey());
            if (language.isEmpty() || !language.get().tag().equals(entry.getKey())) {
                fault(
                        each,
                        "is not a language of the pages; they are "
                                + Arrays.stream(Language.values())
                                        .map(Language::tag)
                                        .collect(Collectors.joining(", ")));
            } else if (isWrittenAsText(each)) {
                var text = shown(each, entry.getValue(), max);
                if (text != null) {
                    texts.put(language.get(), text);
                }
            }
        }
        return texts;
    }

    /** A list of such texts; empty if there is none. */
    public List<String> shownList(String field, int max) {
        var texts = new ArrayList<String>();
        if (has(field)) {
            var list = list(field);
            for (int i = 0; i < list.size(); i++) {
                var each = field + "[" + i + "]";
                var text = isWrittenAsText(each) ? shown(each, list.get(i), max) : null;
                if (text != null) {
                    texts.add(text);
                }
            }
        }
        return texts;
    }

    private @Nullable String shown(String field, JsonNode value, int max) {
        // A block of YAML ends with a line break that nobody means.
        var text =
                scalar(
                        field,
                        value.isTextual() ? TextNode.valueOf(value.asText().strip()) : value,
                        1,
                        max);
        if (text != null && Placeholder.isInWords(text)) {
            fault(field, Placeholder.ruleInWords(text));
        } else if (text != null && Names.visible(text).isEmpty()) {
            fault(field, "must show something: a letter, a digit or a sign");
        }
        return text;
    }

    public @Nullable Integer integer(String field, int min, int max) {
        return parsed(
                field,
                word(field, 20),
                "must be a whole number from " + min + " to " + max,
                text -> {
                    // Not what YAML makes of it: 010 is eight to some.
                    int value = text.matches("0|[1-9][0-9]{0,9}") ? Integer.parseInt(text) : -1;
                    return value >= min && value <= max ? value : null;
                });
    }

    public @Nullable Duration duration(String field, Duration min, Duration max) {
        return parsed(
                field,
                word(field, 40),
                "must be an ISO 8601 duration from " + min + " to " + max,
                text -> {
                    var value = Duration.parse(text);
                    return value.compareTo(min) >= 0 && value.compareTo(max) <= 0 ? value : null;
                });
    }

    /** PEM certificates (RFC 7468); the text "public" stands for none. */
    public @Nullable String pem(String field) {
        if (!has(field)) {
            return null;
        }
        var text = filledIn(field, node().get(field));
        if (text == null) {
            return null;
        }
        if (text.equals("public")) {
            return "";
        }
        if (text.length() > MAX_PEM) {
            fault(field, "must have at most " + MAX_PEM + " characters");
            return null;
        }
        return parsed(
                field,
                text,
                "must be PEM certificates, or public",
                pem -> {
                    Certificates.of(pem);
                    return pem;
                });
    }

    public @Nullable Instant instant(String field) {
        return parsed(
                field,
                word(field, 40),
                "must be an instant such as 2027-01-31T00:00:00Z",
                Instant::parse);
    }

    private @Nullable String scalar(String field, JsonNode value, int min, int max) {
        var text = filledIn(field, value);
        if (text == null) {
            return null;
        }
        if (text.length() < min || text.length() > max) {
            fault(
                    field,
                    min == 1 && text.isEmpty()
                            ? "must not be empty"
                            : "must have " + min + " to " + max + " characters");
            return null;
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            fault(field, "must not hold control characters");
            return null;
        }
        return text;
    }

    /** As it is written, with its variables filled in; null, and a fault, if that cannot be had. */
    private @Nullable String filledIn(String field, JsonNode value) {
        if (!value.isValueNode() || value.isNull()) {
            fault(field, "must be a single value");
            return null;
        }
        var written = source().notText().getOrDefault(path(field), value.asText());
        return Placeholders.filledIn(written, source().variables(), rule -> fault(field, rule));
    }
}
