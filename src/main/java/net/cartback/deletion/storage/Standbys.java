package net.cartback.deletion.storage;

import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;

/**
 * Makes sure that each commit has reached its standby. If the wait for the standby is cancelled,
 * the server commits without the standby, and says so only in a warning (PostgreSQL documentation,
 * 26.2.8).
 */
final class Standbys implements SqlLogger {

    /** The class of warnings; our own statements cause no other. */
    private static final String WARNING = "01000";

    /**
     * Checks that a transaction was not committed without its standby.
     *
     * @throws DatabaseUnavailable if it was committed without its standby
     */
    static void require(Connection connection) {
        try {
            require(connection.getWarnings());
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    private static void require(@Nullable SQLWarning warnings) {
        for (var told = warnings; told != null; told = told.getNextWarning()) {
            if (WARNING.equals(told.getSQLState())) {
                throw new DatabaseUnavailable(
                        new SQLException(
                                "The wait for a standby was cancelled", SqlFaults.UNKNOWN));
            }
        }
    }

    /** A statement outside a transaction is its own commit. */
    @Override
    public void logAfterExecution(StatementContext context) {
        try {
            var statement = context.getStatement();
            if (statement != null && !statement.isClosed()) {
                require(statement.getWarnings());
            }
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }
}
