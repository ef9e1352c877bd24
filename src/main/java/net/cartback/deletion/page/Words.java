package net.cartback.deletion.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Every word of the pages, in one language: whole sentences and labels by their keys, read from a
 * file in UTF-8. A sentence names its values in braces.
 */
public final class Words {

    private static final Map<Language, Words> ALL =
            Collections.unmodifiableMap(
                    Arrays.stream(Language.values())
                            .collect(
                                    Collectors.toMap(
                                            each -> each,
                                            Words::read,
                                            (one, other) -> one,
                                            () -> new EnumMap<>(Language.class))));

    private static final Places ALONE = Places.of("{value}");

    private final Language language;
    private final Map<String, Places> patterns = new HashMap<>();
    private final Dates dates;

    private Words(Language language, Properties sentences) {
        this.language = language;
        this.dates = new Dates(language);
        sentences
                .stringPropertyNames()
                .forEach(key -> patterns.put(key, Places.of(sentences.getProperty(key))));
    }

    /** The words of this language. */
    public static Words of(Language language) {
        return Objects.requireNonNull(ALL.get(language));
    }

    /**
     * Words from a file.
     *
     * @param file keys and sentences, as in a properties file
     */
    static Words of(Language language, Reader file) throws IOException {
        var sentences = new Properties();
        sentences.load(file);
        return new Words(language, sentences);
    }

    private static Words read(Language language) {
        var name = "/words/" + language.tag() + ".properties";
        try (var in = Words.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("There are no words in " + name);
            }
            return of(language, new InputStreamReader(in, UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("The words of " + name + " cannot be read", e);
        }
    }

    /** Their language. */
    public Language language() {
        return language;
    }

    /** The keys of all sentences. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(patterns.keySet());
    }

    /**
     * The sentence under this key.
     *
     * @throws IllegalArgumentException if there is none, or it needs a value
     */
    public Sentence say(String key) {
        return say(key, Map.of());
    }

    /**
     * The sentence under this key, with these values.
     *
     * @throws IllegalArgumentException if there is none, or it needs a value that is not given
     */
    public Sentence say(String key, Map<String, ? extends Value> values) {
        var pattern = pattern(key);
        for (var name : pattern.names()) {
            if (!values.containsKey(name)) {
                throw new IllegalArgumentException(key + " needs a value for " + name);
            }
        }
        return new Sentence(this, key, pattern, values);
    }

    /** A value alone. */
    public Sentence show(Value value) {
        return new Sentence(this, "", ALONE, Map.of("value", value));
    }

    private Places pattern(String key) {
        var pattern = patterns.get(key);
        if (pattern == null) {
            throw new IllegalArgumentException("No words for " + key + " in " + language);
        }
        return pattern;
    }

    Dates dates() {
        return dates;
    }

    /** {@code 25 November 2026, 14:05 UTC} */
    String moment(Instant at) {
        var pattern = pattern("format.moment");
        var text = new StringBuilder(pattern.texts().getFirst());
        for (int i = 0; i < pattern.names().size(); i++) {
            text.append(pattern.names().get(i).equals("date") ? dates.day(at) : dates.time(at))
                    .append(pattern.texts().get(i + 1));
        }
        return text.toString();
    }
}
