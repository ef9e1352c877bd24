package net.cartback.deletion.storage;

import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Where a PostgreSQL database is and as whom to enter it, read from {@code
 * jdbc:postgresql://host:port/db?user=…} or {@code postgres://user:password@host:port/db?…}.
 *
 * <p>Immutable. {@link #toString} hides the password.
 */
public record DatabaseAddress(
        String host,
        int port,
        String database,
        @Nullable String user,
        @Nullable String password,
        Map<String, String> options) {

    private static final int DEFAULT_PORT = 5432;
    private static final Set<String> SSL_MODES =
            Set.of("verify-full", "verify-ca", "require", "prefer", "allow", "disable");
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

    public DatabaseAddress {
        options = Map.copyOf(options);
    }

    /**
     * Reads either form.
     *
     * @throws IllegalArgumentException naming the rule that is broken, never the value
     */
    public static DatabaseAddress parse(String text) {
        var url = text.startsWith("jdbc:") ? text.substring("jdbc:".length()) : text;
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            // The exception's text quotes its input, which may hold a password.
            throw new IllegalArgumentException(
                    "is not a valid URL (special characters in a password must be"
                            + " percent-encoded)");
        }
        if (!Set.of("postgresql", "postgres").contains(String.valueOf(uri.getScheme()))) {
            throw new IllegalArgumentException("must start with jdbc:postgresql:// or postgres://");
        }
        var path = uri.getPath();
        if (uri.getHost() == null || path == null || path.length() < 2) {
            throw new IllegalArgumentException(
                    "must name a host and a database, as in"
                            + " postgres://user:password@host:5432/relay");
        }
        var options = query(uri.getRawQuery());
        for (var option : options.entrySet()) {
            refuseUnknown(option.getKey(), option.getValue());
        }
        var user = options.remove("user");
        var password = options.remove("password");
        if (uri.getRawUserInfo() != null) {
            var parts = uri.getRawUserInfo().split(":", 2);
            user = decode(parts[0]);
            password = parts.length == 2 ? decode(parts[1]) : password;
        }
        return new DatabaseAddress(
                uri.getHost(),
                uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort(),
                path.substring(1),
                user,
                password,
                options);
    }

    /** Whether the connection stays on this machine. */
    public boolean isLoopback() {
        return LOOPBACK.contains(host);
    }

    /** Whether the server's certificate and name are verified ({@code sslmode=verify-full}). */
    public boolean isVerified() {
        return "verify-full".equals(options.get("sslmode"));
    }

    String jdbcUrl() {
        return "jdbc:postgresql://" + host + ":" + port + "/" + database;
    }

    private static Map<String, String> query(@Nullable String query) {
        var options = new LinkedHashMap<String, String>();
        for (var pair : query == null ? new String[0] : query.split("&", -1)) {
            var parts = pair.split("=", 2);
            if (!parts[0].isEmpty()) {
                options.put(decode(parts[0]), parts.length == 2 ? decode(parts[1]) : "");
            }
        }
        return options;
    }

    private static void refuseUnknown(String name, String value) {
        var known = PGProperty.forName(name);
        if (known == null) {
            throw new IllegalArgumentException("has an option that the PostgreSQL driver lacks");
        }
        var choices = known == PGProperty.SSL_MODE ? SSL_MODES : Set.of(value);
        if (!choices.contains(value)) {
            throw new IllegalArgumentException(
                    "must say sslmode=verify-full, verify-ca, require, prefer, allow or disable");
        }
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "DatabaseAddress[" + host + ":" + port + "/" + database + "]";
    }
}
