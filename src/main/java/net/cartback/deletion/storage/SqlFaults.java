package net.cartback.deletion.storage;

import org.jspecify.annotations.Nullable;

import java.sql.SQLException;
import java.util.Set;

/** What the database says by its SQLSTATE (PostgreSQL documentation, appendix A). */
final class SqlFaults {

    static final String READ_ONLY = "25006";
    static final String LOCKED = "55P03";

    /** Whether it is committed is unknown. */
    static final String UNKNOWN = "40003";

    /** Serialization failure, deadlock: nothing happened. */
    private static final Set<String> RERUN = Set.of("40001", "40P01");

    private SqlFaults() {}

    /** What callers are to see of a failure: that the database is away, or the failure itself. */
    static RuntimeException translated(RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && meansUnavailable(sql)) {
                return new DatabaseUnavailable(sql);
            }
        }
        return e;
    }

    static boolean meansUnavailable(SQLException e) {
        var state = e.getSQLState();
        if (e instanceof java.sql.SQLTransientConnectionException || state == null) {
            return true;
        }
        return state.startsWith("08") // connection
                || state.startsWith("53") // out of connections, memory, disk
                || state.startsWith("58") // the disk, beneath the server
                || state.equals("25P03") // an idle transaction's time limit
                || state.equals(UNKNOWN) // whether it is committed is unknown
                || state.startsWith("57P") // shutting down, starting up, dropped
                || state.equals("57014") // a statement's time limit
                || state.equals(LOCKED) // a lock's time limit
                || state.equals(READ_ONLY) // read-only: a failover is under way
                || state.equals("28P01"); // credentials being rotated
    }

    /** Whether nothing has happened, so that the same may run again. */
    static boolean mayRerun(Throwable e) {
        return RERUN.contains(String.valueOf(sqlState(e)));
    }

    private static @Nullable String sqlState(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                return sql.getSQLState();
            }
        }
        return null;
    }
}
