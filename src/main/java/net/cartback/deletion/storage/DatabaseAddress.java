package net.cartback.deletion.storage;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where a PostgreSQL database is and as whom to enter it, read from {@code
 * jdbc:postgresql://host:port/db?user=…} or {@code postgres://user:password@host:port/db?…}.
 * Several hosts stand with commas between them; the one that is the primary is used.
 *
 * <p>Immutable. {@link #toString} hides the password.
 *
 * @param moreHosts others that may be the primary, each with its port
 * @param options as the driver knows them
 */
public record DatabaseAddress(
        String host,
        int port,
        List<String> moreHosts,
        String database,
        @Nullable String user,
        @Nullable String password,
        Map<String, String> options) {

    private static final int DEFAULT_PORT = 5432;
    private static final int MAX_PORT = 65_535;
    private static final Pattern HOST =
            Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?");
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

    public DatabaseAddress {
        options = Map.copyOf(options);
        moreHosts = List.copyOf(moreHosts);
    }

    /** One host. */
    public DatabaseAddress(
            String host,
            int port,
            String database,
            @Nullable String user,
            @Nullable String password,
            Map<String, String> options) {
        this(host, port, List.of(), database, user, password, options);
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
        var authority = uri.getRawAuthority() == null ? "" : uri.getRawAuthority();
        var at = authority.lastIndexOf('@');
        var hosts = hosts(authority.substring(at + 1));
        if (hosts.isEmpty() || path == null || path.length() < 2) {
            throw new IllegalArgumentException(
                    "must name a host and a database, as in"
                            + " postgres://user:password@host:5432/relay (Unix domain sockets"
                            + " are not supported)");
        }
        var given = query(uri.getRawQuery());
        var user = given.remove("user");
        var password = given.remove("password");
        if (at >= 0) {
            var parts = authority.substring(0, at).split(":", 2);
            user = decode(parts[0]);
            password = parts.length == 2 ? decode(parts[1]) : password;
        }
        var first = hosts.getFirst();
        int colon = first.lastIndexOf(':');
        return new DatabaseAddress(
                first.substring(0, colon),
                Integer.parseInt(first.substring(colon + 1)),
                hosts.subList(1, hosts.size()),
                path.substring(1),
                user,
                password,
                DatabaseOptions.of(given));
    }

    /** Each with its port; empty if one of them is none. */
    private static List<String> hosts(String text) {
        var hosts = new ArrayList<String>();
        for (var each : text.split(",", -1)) {
            var found = HOST.matcher(each);
            if (!found.matches()) {
                return List.of();
            }
            int port = found.group(2) == null ? DEFAULT_PORT : Integer.parseInt(found.group(2));
            if (port < 1 || port > MAX_PORT) {
                return List.of();
            }
            hosts.add(found.group(1) + ":" + port);
        }
        return hosts;
    }

    /** Another database, reached the same way. */
    DatabaseAddress withDatabase(String name) {
        return new DatabaseAddress(host, port, moreHosts, name, user, password, options);
    }

    /** Whether the connection stays on this machine. */
    public boolean isLoopback() {
        return LOOPBACK.contains(host)
                && moreHosts.stream()
                        .map(each -> each.substring(0, each.lastIndexOf(':')))
                        .allMatch(LOOPBACK::contains);
    }

    /** Whether the server's certificate and name are verified ({@code sslmode=verify-full}). */
    public boolean isVerified() {
        return "verify-full".equals(options.get("sslmode"));
    }

    String jdbcUrl() {
        return "jdbc:postgresql://" + allHosts() + "/" + database;
    }

    private static Map<String, String> query(@Nullable String query) {
        var options = new LinkedHashMap<String, String>();
        for (var pair : query == null ? new String[0] : query.split("&", -1)) {
            var parts = pair.split("=", 2);
            var value = parts.length == 2 ? decode(parts[1]) : "";
            var before = parts[0].isEmpty() ? null : options.put(decode(parts[0]), value);
            if (before != null && !before.equals(value)) {
                throw new IllegalArgumentException("has an option that is given twice");
            }
        }
        return options;
    }

    private String allHosts() {
        var first = host + ":" + port;
        return moreHosts.isEmpty() ? first : first + "," + String.join(",", moreHosts);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "DatabaseAddress[" + allHosts() + "/" + database + "]";
    }
}
