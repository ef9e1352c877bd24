package net.cartback.deletion.ledger;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** SQL on {@code attempt}. Each method is one statement. */
final class AttemptSql {

    private AttemptSql() {}

    /** A batch that is written again after a lost connection finds its attempts there already. */
    static void insert(Handle handle, List<Settlement> settlements) {
        handle.createUpdate(
                        """
                        INSERT INTO attempt (delivery_id, number, lease_id, started_at, duration_ms,
                                             reply, error, status)
                        SELECT * FROM unnest(:deliveries, :numbers, :leases, :started, :durations,
                                             :replies, :errors, :statuses)
                        ON CONFLICT (delivery_id, number) DO NOTHING
                        """)
                .bindArray(
                        "deliveries",
                        UUID.class,
                        settlements.stream().map(each -> each.delivery().id().value()).toList())
                .bindArray(
                        "numbers",
                        Integer.class,
                        settlements.stream().map(each -> each.delivery().attempt()).toList())
                .bindArray(
                        "leases",
                        UUID.class,
                        settlements.stream().map(each -> each.delivery().leaseId()).toList())
                .bindArray(
                        "started",
                        Instant.class,
                        settlements.stream().map(each -> each.attempt().startedAt()).toList())
                .bindArray(
                        "durations",
                        Integer.class,
                        settlements.stream()
                                .map(each -> (int) each.attempt().duration().toMillis())
                                .toList())
                .bindArray(
                        "replies",
                        String.class,
                        settlements.stream().map(each -> each.attempt().reply()).toList())
                .bindArray(
                        "errors",
                        String.class,
                        settlements.stream().map(each -> errorName(each.attempt())).toList())
                .bindArray(
                        "statuses",
                        Integer.class,
                        settlements.stream().map(each -> each.attempt().status()).toList())
                .execute();
    }

    private static @Nullable String errorName(Attempt attempt) {
        var error = attempt.error();
        return error == null ? null : error.wireName();
    }
}
