package net.cartback.deletion.registry;

import okhttp3.HttpUrl;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * The URL of a client system. A URL is valid if the HTTP client can call it, and is read as the
 * HTTP client reads it. A host name may have underscores and non-ASCII letters (RFC 5891). A query
 * may have any character that occurs in tokens.
 */
final class CallableUrl {

    private static final String BYTE = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

    private CallableUrl() {}

    /** Which rule the text breaks; null if none. */
    static @Nullable String fault(String text, boolean plainHttp) {
        var lower = text.toLowerCase(Locale.ROOT);
        boolean http = lower.startsWith("http://");
        var url = http || lower.startsWith("https://") ? HttpUrl.parse(text) : null;
        if (text.matches("(?i)https?://\\[[^]]*%.*")) {
            return "must not name a network zone";
        }
        if (url == null || text.matches("(?i)https?:///.*") || isNoAddress(url.host())) {
            return "must be an https URL with a host that can be called: labels of at most 63"
                    + " characters, and a port from 1 to 65535 or none";
        }
        if (text.chars()
                        .anyMatch(
                                each ->
                                        Character.isWhitespace(each)
                                                || Character.isSpaceChar(each)
                                                || Character.getType(each) == Character.FORMAT)
                || text.contains("\\")) {
            return "must hold no space, no invisible character and no backslash";
        }
        if (!url.username().isEmpty() || !url.password().isEmpty() || text.contains("#")) {
            return "must have no user, no password and no fragment";
        }
        return http && !plainHttp
                ? "must be https; http is only for addresses in OUTBOUND_ALLOW"
                : null;
    }

    /**
     * No name that can be looked up, and no address. A name that ends in a number is none (RFC
     * 3696, section 2).
     */
    private static boolean isNoAddress(String host) {
        if (host.contains(":") || host.matches(BYTE + "(\\." + BYTE + "){3}")) {
            return false;
        }
        return !host.matches("[a-z0-9._-]+") || host.matches("(.*\\.)?[0-9]+\\.?");
    }

    /** As it is written, where that is a URI (RFC 3986); else as the client encodes it. */
    static URI of(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            return HttpUrl.get(text).uri();
        }
    }
}
