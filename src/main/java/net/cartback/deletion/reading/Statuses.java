package net.cartback.deletion.reading;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.RequestId;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What a person may be told about a request. */
public final class Statuses {

    private final Database database;
    private final Keyring keyring;

    public Statuses(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
    }

    /** What may be told about a request, and the code under which it is to be had. */
    public record Coded(ConfirmationCode code, RequestStatus status) {}

    /** Those of these requests whose codes are still known, in the order of their ids. */
    public List<Coded> of(Collection<RequestId> requests) {
        return database.withHandle(handle -> StatusSql.codes(handle, requests)).stream()
                .map(
                        each ->
                                new ConfirmationCode(
                                        keyring.sealer()
                                                .open(
                                                        SealedColumns.CODE.at(each.id()),
                                                        each.sealed())))
                .flatMap(code -> of(code).stream().map(status -> new Coded(code, status)))
                .toList();
    }

    /** What may be told about the request of this code; empty if there is none. */
    public Optional<RequestStatus> of(ConfirmationCode code) {
        return database.withHandle(handle -> StatusSql.status(handle, code.digest()));
    }
}
