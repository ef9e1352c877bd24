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
    static final String RULE = "must be an e-mail address, or an https URL";

    /** What a page must be. */
    static final String PAGE_RULE = "must be an https URL";

    /** The dot-atoms of RFC 5322 whose signs need no escape in a {@code mailto:}. */
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
        return E_MAIL.matcher(text).matches()
                ? new Contact(URI.create("mailto:" + text), text)
                : page(text);
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
                            && text.chars().allMatch(sign -> sign < 0x7F);
            return isPage
                    ? new Contact(
                            link,
                            text.substring("https://".length()).replaceFirst("(?<=^[^/]+)/$", ""))
                    : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
