package net.cartback.deletion.brand;

import net.cartback.deletion.language.Names;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the organisation that runs the relay shows of itself. Whatever is null or empty is not said.
 *
 * @param name of the organisation
 * @param logo on a light page, and on paper
 * @param darkLogo on a dark page; null: the same, or there is none
 * @param contact where people write to, in any matter
 * @param address by post, line by line
 * @param complaints where people complain; null: at the contact
 * @param authority that supervises the organisation (GDPR article 13(2)(d))
 * @param backups whose copies there are, and until when
 * @param otherWays to ask, beside the settings of Meta
 */
public record Brand(
        @Nullable Names name,
        @Nullable Logo logo,
        @Nullable Logo darkLogo,
        Colours light,
        Colours dark,
        @Nullable Contact contact,
        List<String> address,
        @Nullable Contact privacyPolicy,
        @Nullable Contact complaints,
        @Nullable Authority authority,
        @Nullable Text backups,
        List<Way> otherWays) {

    /** Nobody has said anything. */
    public static final Brand NONE =
            new Brand(
                    null,
                    null,
                    null,
                    Colours.USUAL,
                    Colours.USUAL,
                    null,
                    List.of(),
                    null,
                    null,
                    null,
                    null,
                    List.of());

    /**
     * An authority of data protection.
     *
     * @param page where people complain to it; null: only its name is known
     */
    public record Authority(Names name, @Nullable Contact page) {}

    /**
     * A way to ask.
     *
     * @param contact where; null: the text says it
     */
    public record Way(Text text, @Nullable Contact contact) {}

    public Brand {
        address = List.copyOf(address);
        otherWays = List.copyOf(otherWays);
    }

    /** Where people complain; null: nobody has said. */
    public @Nullable Contact complaintsOrContact() {
        return complaints == null ? contact : complaints;
    }

    /** What is in the files of the logos and is not served, by the field that names the file. */
    public Map<String, List<String>> leftOut() {
        var leftOut = new LinkedHashMap<String, List<String>>();
        if (logo != null && !logo.leftOut().isEmpty()) {
            leftOut.put("logo", logo.leftOut());
        }
        if (darkLogo != null && !darkLogo.leftOut().isEmpty()) {
            leftOut.put("logo_dark", darkLogo.leftOut());
        }
        return leftOut;
    }

    /** All that are served. */
    public List<Logo> logos() {
        if (logo == null) {
            return List.of();
        }
        return darkLogo == null ? List.of(logo) : List.of(logo, darkLogo);
    }

    /** The rules of the style sheet that differ from the usual ones. */
    public String css() {
        var css = new StringBuilder();
        // A logo is drawn for what is behind it: the same in the dark, unless there is another.
        boolean isBound = logo != null && darkLogo == null;
        var lightHeader = light.header();
        if (lightHeader == null && isBound) {
            lightHeader = Colours.Theme.LIGHT.ground();
        }
        var darkHeader = dark.header();
        if (darkHeader == null && lightHeader != null && !isBound) {
            darkHeader = Colours.Theme.DARK.ground();
        }
        if (lightHeader != null) {
            css.append(":root{").append(header(lightHeader)).append('}');
        }
        if (light.header() != null) {
            // On paper, too.
            css.append("header{print-color-adjust:exact}");
        }
        if (light.accent() != null) {
            css.append("@media screen and (prefers-color-scheme:light){:root{")
                    .append(accent(light.accent()))
                    .append("}}");
        }
        if (dark.accent() != null || darkHeader != null) {
            css.append("@media screen and (prefers-color-scheme:dark){:root{")
                    .append(dark.accent() == null ? "" : accent(dark.accent()))
                    .append(darkHeader == null ? "" : header(darkHeader))
                    .append("}}");
        }
        return css.toString();
    }

    private static String accent(String colour) {
        return "--link:" + colour + ";--accent:" + colour + ";";
    }

    private static String header(String colour) {
        return "--header:" + colour + ";--on-header:" + Colours.on(colour) + ";";
    }
}
