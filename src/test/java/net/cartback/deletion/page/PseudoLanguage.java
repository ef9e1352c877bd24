package net.cartback.deletion.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.language.Language;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.regex.Pattern;

/**
 * Words of a language that nobody speaks: English, 40 % longer and more, in brackets, with letters
 * that English lacks. What a page shows without brackets does not come from the words, and what
 * breaks with them would break in a language with long words.
 */
public final class PseudoLanguage {

    private static final Pattern LETTER = Pattern.compile("[aeiouAEIOU](?![^{]*\\})");

    private PseudoLanguage() {}

    /** The words, as of a language in this direction. */
    public static Words words(Language direction) {
        var english = new Properties();
        try (var file =
                Files.newBufferedReader(Path.of("src/main/resources/words/en.properties"), UTF_8)) {
            english.load(file);
            var longer = new Properties();
            for (var key : english.stringPropertyNames()) {
                longer.setProperty(key, longer(english.getProperty(key)));
            }
            return new Words(direction, longer);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Each vowel twice, the second with a mark: {@code [Noo rëquëest]}. */
    private static String longer(String sentence) {
        var text =
                LETTER.matcher(sentence).replaceAll(found -> found.group() + marked(found.group()));
        int more = Math.max(0, sentence.length() * 14 / 10 - text.length());
        return "[" + text + "ß".repeat(more) + "]";
    }

    private static String marked(String vowel) {
        return switch (vowel) {
            case "a", "A" -> "ä";
            case "e", "E" -> "ë";
            case "i", "I" -> "ï";
            case "o", "O" -> "ö";
            default -> "ü";
        };
    }
}
