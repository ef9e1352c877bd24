package net.cartback.deletion.storage;

import com.zaxxer.hikari.SQLExceptionOverride;

import java.sql.SQLException;

/**
 * Makes the pool close a connection to a server that has become a standby. The connection would
 * never take a write again, and the pool would otherwise keep it for half an hour. The class is
 * public because the pool creates the instance.
 */
public final class EvictStandby implements SQLExceptionOverride {

    @java.lang.Override
    public SQLExceptionOverride.Override adjudicate(SQLException e) {
        return SqlFaults.READ_ONLY.equals(e.getSQLState())
                ? SQLExceptionOverride.Override.MUST_EVICT
                : SQLExceptionOverride.Override.CONTINUE_EVICT;
    }
}
