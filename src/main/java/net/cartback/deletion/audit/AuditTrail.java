package net.cartback.deletion.audit;

import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The trail as it is read. Thread-safe. Throws {@link DatabaseUnavailable} while the database is
 * away.
 */
public final class AuditTrail {

    private final Database database;

    /** When the oldest row was written that is not chained yet; empty: all are. */
    public Optional<Instant> oldestUnchained() {
        return database.withHandle(
                        handle -> AuditSql.firstAfter(handle, AuditSql.end(handle).lastId()))
                .map(AuditSql.Moment::at);
    }

    public AuditTrail(Database database) {
        this.database = database;
    }

    /**
     * A row.
     *
     * @param deliveries how many it concerned; null: it is about one, or none
     */
    public record Entry(
            long id,
            Instant at,
            String actor,
            String event,
            @Nullable String app,
            @Nullable String system,
            @Nullable UUID request,
            @Nullable UUID delivery,
            @Nullable String detail,
            @Nullable Integer deliveries) {}

    /**
     * Which rows are looked for; null: whichever.
     *
     * @param from written then or later
     */
    public record Filter(
            @Nullable String actor,
            @Nullable String event,
            @Nullable String app,
            @Nullable String system,
            @Nullable UUID request,
            @Nullable UUID delivery,
            @Nullable Instant from) {}

    /**
     * A page of the trail.
     *
     * @param next after which the next page begins; null: this is the last
     */
    public record Page(List<Entry> entries, @Nullable Long next) {}

    /**
     * Rows that match, in the order of their ids; those of the last seconds, which are not chained
     * yet, are left out, so that nothing comes between two that were read. A page may hold few or
     * none and still not be the last: no more than so many rows are looked at for each.
     *
     * @param after only those after this id; null: from the first
     */
    public Page list(Filter filter, @Nullable Long after, int atMost) {
        return database.withHandle(
                handle -> {
                    var from = filter.from();
                    long begin =
                            after != null
                                    ? after
                                    : from == null ? 0 : AuditSql.lastBefore(handle, from);
                    return AuditSql.page(handle, filter, begin, atMost);
                });
    }
}
