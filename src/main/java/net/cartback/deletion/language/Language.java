package net.cartback.deletion.language;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The languages of the pages, in the order in which a reader is offered them. */
public enum Language {
    ENGLISH("en", "English"),
    SPANISH("es", "Español"),
    PORTUGUESE("pt", "Português"),
    FRENCH("fr", "Français"),
    GERMAN("de", "Deutsch"),
    ITALIAN("it", "Italiano"),
    DUTCH("nl", "Nederlands"),
    POLISH("pl", "Polski"),
    TURKISH("tr", "Türkçe"),
    ARABIC("ar", "العربية"),
    HINDI("hi", "हिन्दी"),
    INDONESIAN("id", "Bahasa Indonesia"),
    VIETNAMESE("vi", "Tiếng Việt"),
    THAI("th", "ไทย"),
    JAPANESE("ja", "日本語");

    /** Longer than any browser sends; what is longer is not read. */
    private static final int MAX_HEADER = 200;

    private static final List<String> TAGS = Arrays.stream(values()).map(Language::tag).toList();

    private final String tag;
    private final String ownName;
    private final Locale locale;

    Language(String tag, String ownName) {
        this.tag = tag;
        this.ownName = ownName;
        // Day, month and year, as most who read English do.
        this.locale = tag.equals("en") ? Locale.UK : Locale.forLanguageTag(tag);
    }

    /** As in {@code lang} (BCP 47). */
    public String tag() {
        return tag;
    }

    /** What its speakers call it. */
    public String ownName() {
        return ownName;
    }

    /** For dates and numbers. */
    public Locale locale() {
        return locale;
    }

    /** As in {@code dir}. */
    public String direction() {
        return this == ARABIC ? "rtl" : "ltr";
    }

    /** The language of a tag, also if the tag says more than that, as {@code pt-BR} does. */
    public static Optional<Language> ofTag(@Nullable String tag) {
        if (tag == null || tag.length() > MAX_HEADER) {
            return Optional.empty();
        }
        var primary = tag.split("-", 2)[0];
        return Arrays.stream(values()).filter(each -> each.tag.equalsIgnoreCase(primary)).findAny();
    }

    /**
     * The one that a browser likes best of these (RFC 9110, section 12.5.4; RFC 4647, lookup). A
     * header that is broken, or likes none of them, likes English.
     */
    public static Language ofHeader(@Nullable String acceptLanguage) {
        if (acceptLanguage == null || acceptLanguage.length() > MAX_HEADER) {
            return ENGLISH;
        }
        var liked = new ArrayList<Locale.LanguageRange>();
        for (var each : acceptLanguage.split(",", -1)) {
            liked.addAll(ranges(each.strip()));
        }
        liked.sort(Comparator.comparingDouble(Locale.LanguageRange::getWeight).reversed());
        return ofTag(Locale.lookupTag(liked, TAGS)).orElse(ENGLISH);
    }

    /** One that cannot be read likes nothing, and takes nothing away from the others. */
    private static List<Locale.LanguageRange> ranges(String item) {
        try {
            return Locale.LanguageRange.parse(item);
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }
}
