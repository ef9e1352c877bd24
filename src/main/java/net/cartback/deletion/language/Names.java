package net.cartback.deletion.language;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * A name that somebody has chosen, and what it is in the languages in which it is another.
 *
 * @param others by their language; empty: it is the same everywhere
 */
public record Names(String name, Map<Language, String> others) {

    /**
     * What shows nothing, and what turns the direction of the rest (Unicode, UAX 9). The two
     * joiners are letters' shapes in Indic scripts and in Persian.
     */
    private static final Pattern INVISIBLE =
            Pattern.compile(
                    "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\u115F\\u1160\\u2800\\u3164\\uFFA0&&[^\\u200C\\u200D]]+");

    /** At least one of them shows something. */
    private static final Pattern SIGN = Pattern.compile("[\\p{L}\\p{N}\\p{S}\\p{P}]");

    public Names {
        others = Map.copyOf(others);
    }

    /** The same in every language. */
    public static Names of(String name) {
        return new Names(name, Map.of());
    }

    /** What it is for who reads this language. */
    public String in(Language language) {
        return others.getOrDefault(language, name);
    }

    /** A name without what shows nothing; empty: nothing is left. */
    public static String visible(String name) {
        var visible = INVISIBLE.matcher(name).replaceAll(" ").strip();
        return SIGN.matcher(visible).find() ? visible : "";
    }
}
