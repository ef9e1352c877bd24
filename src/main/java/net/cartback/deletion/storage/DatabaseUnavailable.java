package net.cartback.deletion.storage;

import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Set;

/**
 * The database cannot be reached, is shutting down, takes no writes, or has no room for us now.
 * Whatever was asked may be asked again; whether a commit that was under way took effect is
 * unknown.
 */
public final class DatabaseUnavailable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Connection gone or failed, resolution unknown; administrator's or crash's shutdown. */
    private static final Set<String> BROKEN =
            Set.of("08003", "08006", "08007", "40003", "57P01", "57P02");

    DatabaseUnavailable(Throwable cause) {
        super("The database cannot be used now: " + reason(cause), cause);
    }

    /** Of what has not ended within this time, and may still happen. */
    public static DatabaseUnavailable notWithin(Duration limit) {
        return new DatabaseUnavailable(
                new SQLTimeoutException("No answer within " + limit, "08007"));
    }

    /** Whether the only cause is a lock that another session holds; other work goes on. */
    public boolean isLocked() {
        return getCause() instanceof SQLException sql && SqlFaults.LOCKED.equals(sql.getSQLState());
    }

    /** Whether the operation may have taken effect: the connection broke while it ran. */
    public boolean mayHaveHappened() {
        return getCause() instanceof SQLException sql
                && !(sql instanceof SQLTransientConnectionException)
                && BROKEN.contains(String.valueOf(sql.getSQLState()));
    }

    /**
     * Why it cannot be had, in the server's or the driver's words: the name, the certificate, the
     * password, {@code pg_hba.conf}. Only of a connection that was never made, so nothing of a
     * request is in it.
     */
    public String whyRefused() {
        for (var cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof PSQLException sql && isRefusal(sql)) {
                return getMessage() + ": " + oneLine(sql.getMessage()) + hint(sql);
            }
        }
        return String.valueOf(getMessage());
    }

    /** Not made (08001, 08004, 08006), not understood, not let in, no such database, no room. */
    private static boolean isRefusal(SQLException e) {
        var state = String.valueOf(e.getSQLState());
        return state.startsWith("08")
                || state.startsWith("28")
                || state.equals("3D000")
                || state.equals("42501")
                || state.equals("53300")
                || state.equals("57P03");
    }

    private static String hint(SQLException e) {
        if (String.valueOf(e.getMessage()).contains("unsupported startup parameter")) {
            return ". A pooler in between refuses the relay's settings: connect to PostgreSQL"
                    + " itself, or let the pooler pass options on, in session mode";
        }
        if (String.valueOf(e.getMessage()).contains("SSL root certificate")) {
            return " (set sslrootcert to the right file, or to system for the authorities that"
                    + " Java trusts)";
        }
        return "";
    }

    private static String oneLine(@Nullable String message) {
        return String.valueOf(message).lines().findFirst().orElse("").strip();
    }

    private static String reason(Throwable cause) {
        if (!(cause instanceof SQLException sql) || sql.getSQLState() == null) {
            return cause.getClass().getSimpleName();
        }
        return switch (sql.getSQLState()) {
            case SqlFaults.LOCKED -> "another session keeps a lock (SQLSTATE 55P03)";
            case SqlFaults.READ_ONLY -> "it takes no writes (SQLSTATE 25006)";
            case "08001" -> "no server that takes writes can be reached (SQLSTATE 08001)";
            case "57014" -> "a statement took too long (SQLSTATE 57014)";
            default -> "SQLSTATE " + sql.getSQLState();
        };
    }
}
