package net.cartback.deletion.storage;

import org.postgresql.PGProperty;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The options of a database URL, under the driver's names. The names of libpq, which providers use
 * in their URLs, are translated, or refused with a reason. No message quotes a value.
 */
final class DatabaseOptions {

    private static final Set<String> SSL_MODES =
            Set.of("verify-full", "verify-ca", "require", "prefer", "allow", "disable");

    /** libpq's names (PostgreSQL documentation, 34.1.2) for what the driver calls otherwise. */
    private static final Map<String, String> SPELLINGS =
            Map.ofEntries(
                    Map.entry("application_name", "ApplicationName"),
                    Map.entry("channel_binding", "channelBinding"),
                    Map.entry("connect_timeout", "connectTimeout"),
                    Map.entry("gssencmode", "gssEncMode"),
                    Map.entry("keepalives", "tcpKeepAlive"),
                    Map.entry("krbsrvname", "kerberosServerName"),
                    Map.entry("require_auth", "requireAuth"),
                    Map.entry("scram_max_iterations", "scramMaxIterations"),
                    Map.entry("sslnegotiation", "sslNegotiation"),
                    Map.entry("target_session_attrs", "targetServerType"));

    /** Why an option that the driver or libpq has is not taken. */
    private static final Map<String, String> REFUSED =
            Map.ofEntries(
                    Map.entry("currentSchema", "the relay's tables are in the schema public"),
                    Map.entry("schema", "the relay's tables are in the schema public"),
                    Map.entry("host", "the host stands before the path: postgres://host:5432/db"),
                    Map.entry("port", "the port stands after the host: postgres://host:5432/db"),
                    Map.entry("hostaddr", "use the name of the host, so that the name is verified"),
                    Map.entry("dbname", "the database is the path: postgres://host:5432/db"),
                    Map.entry("service", "write the settings of the service file into the URL"),
                    Map.entry("passfile", "write the password into the URL, as user:password@host"),
                    Map.entry("logServerErrorDetail", "a server's error detail may quote a row"),
                    Map.entry("readOnly", "the relay needs to write"),
                    Map.entry("readOnlyMode", "the relay needs to write"),
                    Map.entry("replication", "the relay does not replicate"),
                    Map.entry("pgbouncer", "connect to PostgreSQL itself, not through a pooler"),
                    Map.entry("keepalives_idle", "the system's own value is used"),
                    Map.entry("keepalives_interval", "the system's own value is used"),
                    Map.entry("keepalives_count", "the system's own value is used"),
                    Map.entry("tcp_user_timeout", "a silent socket ends after 12 s anyway"),
                    Map.entry("client_encoding", "it is UTF8 anyway"),
                    Map.entry("sslcompression", "no server has it any more"),
                    Map.entry("sslsni", "the host's name is always sent"),
                    Map.entry("sslcrl", "the driver does not read such lists"),
                    Map.entry("sslcrldir", "the driver does not read such lists"),
                    Map.entry("sslhostnameverifier", "the server's name is verified by the driver"),
                    Map.entry("socketFactory", "connections are made by the driver itself"),
                    Map.entry("socketFactoryArg", "connections are made by the driver itself"),
                    Map.entry("authenticationPluginClassName", "no class may be named here"),
                    Map.entry("requirepeer", "Unix domain sockets are not supported"),
                    Map.entry("load_balance_hosts", "only the primary can be used"),
                    Map.entry("connection_limit", "DATABASE_POOL_SIZE sets it"),
                    Map.entry("pool_timeout", "the relay waits 3 s for a connection"));

    private static final Pattern SEARCH_PATH =
            Pattern.compile("(?i).*search[_-]path\\s*=(?!\\s*\"?public\\b).*");

    private static final String SYSTEMS_AUTHORITIES = "org.postgresql.ssl.DefaultJavaSSLFactory";

    private static final List<String> LIMITS =
            List.of("connectTimeout", "loginTimeout", "socketTimeout");

    private DatabaseOptions() {}

    /**
     * Reads the options.
     *
     * @throws IllegalArgumentException naming the option and what is wrong with it
     */
    static Map<String, String> of(Map<String, String> given) {
        var options = new LinkedHashMap<String, String>();
        given.forEach((name, value) -> put(options, name, value));
        for (var limit : LIMITS) {
            if (options.containsKey(limit)
                    && !options.getOrDefault(limit, "").matches("[1-9]|[12][0-9]|30")) {
                throw new IllegalArgumentException(
                        "has the option " + limit + ": it must be 1 to 30, in seconds");
            }
        }
        var mode = options.get("sslmode");
        if (mode != null && !SSL_MODES.contains(mode)) {
            throw new IllegalArgumentException(
                    "must say sslmode=verify-full, verify-ca, require, prefer, allow or disable");
        }
        if (SEARCH_PATH.matcher(options.getOrDefault("options", "")).matches()) {
            throw new IllegalArgumentException(
                    "has the option options with a search_path: the relay's tables are in the"
                            + " schema public");
        }
        return options;
    }

    private static void put(Map<String, String> options, String given, String value) {
        var why = REFUSED.get(given);
        if (why != null) {
            throw new IllegalArgumentException("has the option " + given + ": " + why);
        }
        var name = SPELLINGS.getOrDefault(given, given);
        switch (given) {
            case "target_session_attrs", "targetServerType" ->
                    options.put(name, primary(given, value));
            case "sslfactory" -> {
                if (!value.equals(SYSTEMS_AUTHORITIES)) {
                    throw new IllegalArgumentException(
                            "has the option sslfactory, which may be "
                                    + SYSTEMS_AUTHORITIES
                                    + " only");
                }
                options.put(name, value);
            }
            case "keepalives" -> options.put(name, value.equals("0") ? "false" : "true");
            case "sslrootcert" -> {
                // libpq's word for the authorities that the system trusts.
                if (value.equals("system")) {
                    options.put("sslfactory", SYSTEMS_AUTHORITIES);
                } else {
                    options.put(name, value);
                }
            }
            default -> {
                if (PGProperty.forName(name) == null) {
                    throw new IllegalArgumentException(
                            "has the option "
                                    + printable(given)
                                    + ", which neither the PostgreSQL driver nor libpq knows");
                }
                options.put(name, value);
            }
        }
    }

    private static String primary(String name, String value) {
        return switch (value) {
            case "read-write", "primary", "master" -> "primary";
            case "any" -> "any";
            default ->
                    throw new IllegalArgumentException(
                            "has the option "
                                    + name
                                    + ", which must be read-write, primary or any: the relay"
                                    + " writes");
        };
    }

    /** A password with an unescaped & would stand here as an option's name. */
    private static String printable(String name) {
        return name.matches("[A-Za-z][A-Za-z_]{0,39}") ? name : "(not printed)";
    }
}
