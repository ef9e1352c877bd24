package net.cartback.deletion.brand;

import net.cartback.deletion.language.Language;

import java.util.Map;
import java.util.Objects;

/**
 * A sentence that the brand brings along, in the languages in which it is given.
 *
 * @param sentences by their language; English is among them
 */
public record Text(Map<Language, String> sentences) {

    public Text {
        sentences = Map.copyOf(sentences);
    }

    /** The language in which somebody who reads this language reads it: this, or English. */
    public Language languageFor(Language reader) {
        return sentences.containsKey(reader) ? reader : Language.ENGLISH;
    }

    /** The sentence in a language of {@link #languageFor}. */
    public String in(Language language) {
        return Objects.requireNonNull(sentences.get(language));
    }
}
