package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Every word of the pages, in one language: whole sentences and labels by their keys, read from a
 * file in UTF-8. A sentence names its values in braces.
 */
public final class Words {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\w+)\\}");
    private static final Words ENGLISH = new Words("en");

    private final String language;
    private final Properties sentences = new Properties();

    private Words(String language) {
        this.language = language;
        var file = "/words/" + language + ".properties";
        try (var in = Words.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalArgumentException("There are no words in " + file);
            }
            sentences.load(new InputStreamReader(in, UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("The words of " + file + " cannot be read", e);
        }
    }

    /** The words in English. */
    public static Words english() {
        return ENGLISH;
    }

    /** The language as a page names it (BCP 47). */
    public String language() {
        return language;
    }

    /**
     * The sentence under this key.
     *
     * @throws IllegalArgumentException if there is none, or it needs a value
     */
    public String say(String key) {
        return say(key, Map.of());
    }

    /**
     * The sentence under this key, with these values.
     *
     * @throws IllegalArgumentException if there is none, or it needs a value that is not given
     */
    public String say(String key, Map<String, String> values) {
        var sentence = sentences.getProperty(key);
        if (sentence == null) {
            throw new IllegalArgumentException("No words for " + key + " in " + language);
        }
        return PLACEHOLDER
                .matcher(sentence)
                .replaceAll(
                        found -> {
                            var value = values.get(found.group(1));
                            if (value == null) {
                                throw new IllegalArgumentException(
                                        key + " needs a value for " + found.group(1));
                            }
                            return Matcher.quoteReplacement(value);
                        });
    }
}
