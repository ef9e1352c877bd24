package net.cartback.deletion.reading;

import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Requests as operators look for them. */
public final class Requests {

    private final Database database;

    public Requests(Database database) {
        this.database = database;
    }

    /**
     * Which requests are looked for; null: whichever.
     *
     * @param open whether it is not completed yet
     * @param overdue whether it is open after its due date, as of this instant
     * @param from recorded then or later
     * @param to recorded before
     * @param newestFirst in which order
     */
    public record Filter(
            @Nullable Boolean open,
            @Nullable Instant overdue,
            @Nullable MetaAppId app,
            @Nullable ClientSystemId system,
            @Nullable Instant from,
            @Nullable Instant to,
            boolean newestFirst) {}

    /**
     * What there is to say of a request, beside its deliveries.
     *
     * @param openDeliveries how many are not closed
     * @param erased whether everything personal is gone
     * @param hold null: there is none
     * @param wasDueAt when it was due before its time was extended; null: it was not
     */
    public record Summary(
            RequestId id,
            Kind kind,
            MetaAppId app,
            String platform,
            Instant requestedAt,
            Instant receivedAt,
            Instant dueAt,
            @Nullable Instant closedAt,
            int openDeliveries,
            boolean erased,
            RequestStatus.@Nullable Hold hold,
            @Nullable Instant wasDueAt) {}

    /**
     * A page of a list.
     *
     * @param next after which the next page begins; null: this is the last
     */
    public record Page(List<Summary> requests, @Nullable UUID next) {}

    /**
     * Requests that match, the oldest first. A page may hold few or none and still not be the last:
     * no more than so many rows are looked at for each.
     *
     * @param after only those after this id; null: from the first
     */
    public Page list(Filter filter, @Nullable UUID after, int atMost) {
        return database.withHandle(handle -> RequestListSql.page(handle, filter, after, atMost));
    }

    /** The request of this id. */
    public Optional<Summary> find(RequestId id) {
        return database.withHandle(handle -> RequestListSql.find(handle, id));
    }

    /** The request of this code. */
    public Optional<Summary> find(ConfirmationCode code) {
        return database.withHandle(handle -> RequestListSql.find(handle, code.digest()));
    }
}
