package net.cartback.deletion.brand;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/**
 * Where somebody is reached: an e-mail address, or a page.
 *
 * @param link {@code mailto:} (RFC 6068) or {@code https:}
 * @param text as people read it
 */
public record Contact(URI link, String text) {

    /** What a contact must be. */
    static final String RULE =
            "must be an e-mail address such as privacy@example.com (letters, digits and . _ ~ + -"
                + " of ASCII before the @), or a URL such as https://example.com/contact, without a"
                + " user";

    /** What a page must be. */
    static final String PAGE_RULE =
            "must be a URL that begins with https://, in ASCII (a host in other letters begins with"
                    + " xn--), without a user";

    /** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3. */
    private static final int MAX_E_MAIL = 254;

    private static final int MAX_LOCAL_PART = 64;
    private static final int MAX_PORT = 65_535;

    /** Addresses as people have them, of signs that need no escape in a {@code mailto:}. */
    private static final Pattern E_MAIL =
            Pattern.compile(
                    "[A-Za-z0-9_~-]+(\\.[A-Za-z0-9_~-]+)*(\\+[A-Za-z0-9._~-]+)?"
                            + "@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+");

    /**
     * An e-mail address or a page.
     *
     * @return null: it is neither
     */
    static @Nullable Contact of(String text) {
        boolean isMail =
                text.length() <= MAX_E_MAIL
                        && text.indexOf('@') <= MAX_LOCAL_PART
                        && E_MAIL.matcher(text).matches();
        return isMail ? new Contact(URI.create("mailto:" + text), text) : page(text);
    }

    /**
     * A page, which is shown without its scheme.
     *
     * @return null: it is none
     */
    static @Nullable Contact page(String text) {
        try {
            var link = new URI(text);
            boolean isPage =
                    "https".equals(link.getScheme())
                            && link.getHost() != null
                            && link.getRawUserInfo() == null
                            && link.getPort() <= MAX_PORT
                            && text.chars().allMatch(sign -> sign < 0x7F);
            if (!isPage) {
                return null;
            }
            var shown = text.substring("https://".length());
            boolean isHostAlone = shown.indexOf('/') == shown.length() - 1;
            return new Contact(link, isHostAlone ? shown.replace("/", "") : shown);
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
