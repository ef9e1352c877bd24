package net.cartback.deletion.storage;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;

/**
 * The database cannot be reached, is shutting down, takes no writes, or has no room for us now.
 * Whatever was asked may be asked again; whether a commit that was under way took effect is
 * unknown.
 */
public final class DatabaseUnavailable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Connection gone or failed, resolution unknown; administrator's or crash's shutdown. */
    private static final Set<String> BROKEN = Set.of("08003", "08006", "08007", "57P01", "57P02");

    DatabaseUnavailable(Throwable cause) {
        super("The database cannot be used now: " + reason(cause), cause);
    }

    /** Whether what was asked may have been done all the same: the connection broke under way. */
    public boolean mayHaveHappened() {
        return getCause() instanceof SQLException sql
                && !(sql instanceof SQLTransientConnectionException)
                && BROKEN.contains(String.valueOf(sql.getSQLState()));
    }

    private static String reason(Throwable cause) {
        return cause instanceof SQLException sql && sql.getSQLState() != null
                ? "SQLSTATE " + sql.getSQLState()
                : cause.getClass().getSimpleName();
    }
}
