package net.cartback.deletion.brand;

import org.jspecify.annotations.Nullable;

import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The colours of one theme, as {@code #rrggbb}.
 *
 * @param accent of links, buttons and the line above the page; null: the usual one
 * @param header behind logo and name; null: that of the page's ground, or the light one behind a
 *     logo that has no dark one
 */
public record Colours(@Nullable String accent, @Nullable String header) {

    /** The usual colours. */
    public static final Colours USUAL = new Colours(null, null);

    private static final Pattern FORM = Pattern.compile("#[0-9A-Fa-f]{6}");

    /** Of text on what is behind it (WCAG 2.2, 1.4.3). */
    private static final double LEAST = 4.5;

    /** A theme, with what its text stands on. */
    enum Theme {
        LIGHT("#ffffff", "#f1f4f7"),
        DARK("#18212a", "#0f151b");

        private final String paper;
        private final String ground;

        Theme(String paper, String ground) {
            this.paper = paper;
            this.ground = ground;
        }

        /** Behind what is read. */
        String paper() {
            return paper;
        }

        /** Around the page. */
        String ground() {
            return ground;
        }
    }

    static boolean isColour(String text) {
        return FORM.matcher(text).matches();
    }

    /**
     * What is wrong with an accent of this theme: links and buttons must be read on all that they
     * stand on.
     *
     * @return null: nothing
     */
    static @Nullable String fault(String accent, Theme theme) {
        boolean isPaper = contrast(accent, theme.paper()) <= contrast(accent, theme.ground());
        var behind = isPaper ? theme.paper() : theme.ground();
        double contrast = contrast(accent, behind);
        // Rounded down: what is refused must not look as if it were enough.
        return contrast >= LEAST
                ? null
                : "%s has a contrast of %.2f:1 to %s, the colour of %s; it must be at least %.1f:1"
                        .formatted(
                                accent,
                                Math.floor(contrast * 100) / 100,
                                behind,
                                isPaper ? "the page" : "what is around the page",
                                LEAST);
    }

    /** Black or white, whichever is read better on this colour: 4.58:1 at the least. */
    static String on(String behind) {
        return contrast("#ffffff", behind) >= contrast("#000000", behind) ? "#ffffff" : "#000000";
    }

    /** From 1 to 21 (WCAG 2.2, contrast ratio). */
    static double contrast(String one, String other) {
        double lighter = Math.max(luminance(one), luminance(other));
        double darker = Math.min(luminance(one), luminance(other));
        return (lighter + 0.05) / (darker + 0.05);
    }

    /** From 0 to 1 (WCAG 2.2, relative luminance). */
    private static double luminance(String colour) {
        var rgb = HexFormat.of().parseHex(colour.substring(1));
        return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
    }

    private static double linear(byte channel) {
        double value = Byte.toUnsignedInt(channel) / 255.0;
        return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }
}
