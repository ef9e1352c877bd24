package net.cartback.deletion.reading;

import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ConfirmationCode;

import java.util.Optional;

/** What a person may be told about a request. */
public final class Statuses {

    private final Database database;

    public Statuses(Database database) {
        this.database = database;
    }

    /** What may be told about the request of this code; empty if there is none. */
    public Optional<RequestStatus> of(ConfirmationCode code) {
        return database.withHandle(handle -> StatusSql.status(handle, code.digest()));
    }
}
