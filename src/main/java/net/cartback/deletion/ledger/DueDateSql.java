package net.cartback.deletion.ledger;

import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;

import java.time.Instant;

/** SQL that moves the date by which a request must be done. */
public final class DueDateSql {

    private static final String PUT_OFF =
            "UPDATE deletion_request SET due_at = :due WHERE id = :id";

    private DueDateSql() {}

    /** Gives a request until a later date; the caller keeps why. */
    public static void putOff(Handle handle, RequestId request, Instant due) {
        handle.createUpdate(PUT_OFF).bind("id", request.value()).bind("due", due).execute();
    }
}
