package net.cartback.deletion.audit;

import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Verb;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** The trail as it is read. */
public final class AuditTrail {

    private final Database database;

    /** The names of all events, in their order: what the triggers of the schema write. */
    public static final List<String> EVENTS =
            Stream.concat(
                            Stream.of(
                                    "amendment.added",
                                    "amendment.changed",
                                    "amendment.dropped",
                                    "app.added",
                                    "app.changed",
                                    "app.removed",
                                    "app_secret.added",
                                    "app_secret.changed",
                                    "app_secret.removed",
                                    "backfill.added",
                                    "backfill.removed",
                                    "contradiction.changed",
                                    "contradiction.dropped",
                                    "delivery.added",
                                    "delivery.awaiting_receipt",
                                    "delivery.changed",
                                    "delivery.closed",
                                    "delivery.contradicted",
                                    "delivery.dropped",
                                    "delivery.parked",
                                    "delivery.pending",
                                    "key.added",
                                    "key.changed",
                                    "key.removed",
                                    "mail.sent",
                                    "receipt.added",
                                    "receipt.changed",
                                    "receipt.dropped",
                                    "request.changed",
                                    "request.completed",
                                    "request.dropped",
                                    "request.erased",
                                    "request.extended",
                                    "request.forwarded",
                                    "request.held",
                                    "request.recorded",
                                    "request.released",
                                    "request.reopened",
                                    "request.unextended",
                                    "subscription.added",
                                    "subscription.removed",
                                    "sweep.ended",
                                    "system.added",
                                    "system.changed",
                                    "system.freed",
                                    "system.held",
                                    "system.removed",
                                    "system_secret.added",
                                    "system_secret.changed",
                                    "system_secret.removed",
                                    "token.added",
                                    "token.changed",
                                    "token.removed"),
                            Arrays.stream(Verb.values()).map(Verb::event))
                    .sorted()
                    .toList();

    /** When the oldest row was written that is not chained yet; empty: all are. */
    public Optional<Instant> oldestUnchained() {
        return database.withHandle(
                        handle -> AuditSql.firstAfter(handle, ChainSql.end(handle).lastId()))
                .map(AuditSql.RowTime::at);
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
     * @param newestFirst in which order
     */
    public record Filter(
            @Nullable String actor,
            @Nullable String event,
            @Nullable String app,
            @Nullable String system,
            @Nullable UUID request,
            @Nullable UUID delivery,
            @Nullable Instant from,
            boolean newestFirst) {}

    /**
     * A page of the trail.
     *
     * @param next after which the next page begins; null: this is the last
     */
    public record Page(List<Entry> entries, @Nullable Long next) {}

    /**
     * Rows that match, in the order of their ids or the reverse; those of the last seconds, which
     * are not chained yet, are left out, so that nothing comes between two that were read. A page
     * may hold few or none and still not be the last: no more than so many rows are looked at for
     * each.
     *
     * @param after only those that follow on this id; null: from the first
     */
    public Page list(Filter filter, @Nullable Long after, int atMost) {
        return database.withHandle(
                handle -> {
                    var from = filter.from();
                    boolean newest = filter.newestFirst();
                    long low =
                            after != null && !newest
                                    ? after
                                    : from == null ? 0 : AuditSql.lastBefore(handle, from);
                    long high = after != null && newest ? after - 1 : Long.MAX_VALUE;
                    return AuditSql.page(handle, filter, low, high, atMost);
                });
    }
}
