package net.cartback.deletion.storage;

import com.zaxxer.hikari.SQLExceptionOverride;

import java.sql.SQLException;

/**
 * Makes the pool throw away a connection to what has become a standby: it would never take a write
 * again, and the pool by itself would keep it for half an hour. Public because the pool makes it.
 */
public final class EvictStandby implements SQLExceptionOverride {

    @java.lang.Override
    public SQLExceptionOverride.Override adjudicate(SQLException e) {
        return SqlFaults.READ_ONLY.equals(e.getSQLState())
                ? SQLExceptionOverride.Override.MUST_EVICT
                : SQLExceptionOverride.Override.CONTINUE_EVICT;
    }
}
