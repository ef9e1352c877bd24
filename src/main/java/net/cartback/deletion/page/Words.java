package net.cartback.deletion.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.language.Language;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
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
    private final Map<String, Places> sentences = new HashMap<>();
    private final Dates dates;

    /**
     * Words of one's own.
     *
     * @param sentences by their keys
     */
    Words(Language language, Properties sentences) {
        this.language = language;
        this.dates = new Dates(language);
        sentences
                .stringPropertyNames()
                .forEach(key -> this.sentences.put(key, Places.of(sentences.getProperty(key))));
    }

    /** The words of this language. */
    public static Words of(Language language) {
        return Objects.requireNonNull(ALL.get(language));
    }

    private static Words read(Language language) {
        var name = "/words/" + language.tag() + ".properties";
        try (var in = Words.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("There are no words in " + name);
            }
            var sentences = new Properties();
            sentences.load(new InputStreamReader(in, UTF_8));
            return new Words(language, sentences);
        } catch (IOException e) {
            throw new UncheckedIOException("The words of " + name + " cannot be read", e);
        }
    }

    /** Their language. */
    public Language language() {
        return language;
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
        var places = places(key);
        for (var name : places.names()) {
            if (!values.containsKey(name)) {
                throw new IllegalArgumentException(key + " needs a value for " + name);
            }
        }
        return new Sentence(this, key, places, values);
    }

    /** A value alone. */
    public Sentence show(Value value) {
        return new Sentence(this, "", ALONE, Map.of("value", value));
    }

    private Places places(String key) {
        var places = sentences.get(key);
        if (places == null) {
            throw new IllegalArgumentException("No words for " + key + " in " + language);
        }
        return places;
    }

    Dates dates() {
        return dates;
    }

    /** {@code 25 November 2026, 14:05 UTC} */
    String moment(Instant at) {
        var places = places("format.moment");
        var text = new StringBuilder(places.texts().getFirst());
        for (int i = 0; i < places.names().size(); i++) {
            text.append(places.names().get(i).equals("date") ? dates.day(at) : dates.time(at))
                    .append(places.texts().get(i + 1));
        }
        return text.toString();
    }
}
