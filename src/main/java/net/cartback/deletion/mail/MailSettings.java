package net.cartback.deletion.mail;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.util.Locale;
import java.util.Set;

/**
 * The mail server and the sender. {@link #toString} shows no secret.
 *
 * @param user null: nobody logs in
 * @param from the address in whose name mails are sent
 */
public record MailSettings(
        String host,
        int port,
        Security security,
        @Nullable String user,
        @Nullable String password,
        String from) {

    /** What an address of the mail server must be. */
    public static final String RULE =
            "must be smtps://user:password@host, or smtp://user:password@host:587 for STARTTLS"
                    + " (special characters percent-encoded)";

    private static final int MOST_PORT = 65_535;
    private static final int PORT_OF_TLS = 465;
    private static final int PORT_OF_STARTTLS = 587;
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    /** How the connection is kept from others. */
    public enum Security {
        /** From the first byte (RFC 8314, section 3.3). */
        TLS,
        /** Before anything is said. */
        STARTTLS,
        /** On this machine alone. */
        NONE
    }

    /**
     * From an address such as {@code smtps://user:password@mail.example.com}.
     *
     * @throws IllegalArgumentException naming the rule that is broken, never the value
     */
    public static MailSettings parse(String text, String from) {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            // The exception's text quotes its input, which may hold a password.
            throw new IllegalArgumentException(RULE);
        }
        var scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        var path = url.getRawPath();
        if (!Set.of("smtp", "smtps").contains(scheme)
                || url.getHost() == null
                || (path != null && !path.isEmpty() && !path.equals("/"))
                || url.getRawQuery() != null
                || url.getRawFragment() != null) {
            throw new IllegalArgumentException(RULE);
        }
        var userInfo = url.getRawUserInfo();
        String user = null;
        String password = null;
        if (userInfo != null) {
            int colon = userInfo.indexOf(':');
            if (colon < 1 || colon == userInfo.length() - 1) {
                throw new IllegalArgumentException(RULE);
            }
            user = decoded(userInfo.substring(0, colon));
            password = decoded(userInfo.substring(colon + 1));
        }
        if (url.getPort() > MOST_PORT) {
            throw new IllegalArgumentException(RULE);
        }
        boolean tls = scheme.equals("smtps");
        var security =
                tls
                        ? Security.TLS
                        : LOOPBACK.contains(url.getHost()) ? Security.NONE : Security.STARTTLS;
        int usual = tls ? PORT_OF_TLS : PORT_OF_STARTTLS;
        return new MailSettings(
                url.getHost(),
                url.getPort() < 0 ? usual : url.getPort(),
                security,
                user,
                password,
                from);
    }

    /** A plus is a plus: this is no form. */
    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
    }

    /** Of the sender. */
    public String domain() {
        return from.substring(from.lastIndexOf('@') + 1);
    }

    @Override
    public String toString() {
        return "MailSettings[" + host + ":" + port + ", " + security + "]";
    }
}
