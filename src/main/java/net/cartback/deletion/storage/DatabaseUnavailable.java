package net.cartback.deletion.storage;

/**
 * The database cannot be reached, is shutting down, takes no writes, or has no room for us now.
 * Whatever was asked may be asked again; whether a commit that was under way took effect is
 * unknown.
 */
public final class DatabaseUnavailable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    DatabaseUnavailable(Throwable cause) {
        super("The database cannot be used now: " + reason(cause), cause);
    }

    private static String reason(Throwable cause) {
        return cause instanceof java.sql.SQLException sql && sql.getSQLState() != null
                ? "SQLSTATE " + sql.getSQLState()
                : cause.getClass().getSimpleName();
    }
}
