package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;

import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.DeliveryState;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** SQL that changes deliveries after an attempt. */
final class DeliverySql {

    private static final String SYSTEM =
            """
            SELECT d.system_id
              FROM delivery d
              JOIN deletion_request r ON r.id = d.request_id
             WHERE d.id = :id AND r.kind <> 'deauthorization'
            """;

    private static final String FIND_TO_ANSWER =
            """
            SELECT d.request_id, d.system_id
              FROM delivery d
              JOIN deletion_request r ON r.id = d.request_id
             WHERE d.id = :id AND r.kind <> 'deauthorization'
               FOR KEY SHARE OF r
            """;

    private static final String SCHEDULE =
            """
            UPDATE delivery d
               SET state = s.state, step = s.step, next_attempt_at = s.at,
                   reason = s.reason, lease_id = NULL,
                   -- In doubt, nobody knows that it has been.
                   accepted_at = CASE WHEN s.state = 'awaiting_receipt'
                                       AND s.reason IS NULL
                                      THEN COALESCE(d.accepted_at, :now)
                                      ELSE d.accepted_at END
              FROM unnest(:deliveries, :leases, :states, :steps, :ats, :reasons)
                   AS s (delivery_id, lease_id, state, step, at, reason)
             WHERE d.id = s.delivery_id
               AND d.lease_id = s.lease_id
            """;

    private DeliverySql() {}

    /** What never changes of a delivery. */
    record DeliveryOwner(RequestId request, ClientSystemId system) {}

    /** A new schedule for a delivery under a lease. */
    record Schedule(
            UUID delivery,
            UUID lease,
            DeliveryState state,
            int step,
            @Nullable Instant at,
            @Nullable String reason) {}

    /**
     * Which system a delivery of a deletion is for; a notice's is not answered, so nobody looks for
     * it.
     */
    static Optional<ClientSystemId> system(Handle handle, DeliveryId delivery) {
        return handle.createQuery(SYSTEM)
                .bind("id", delivery.value())
                .mapTo(String.class)
                .findOne()
                .map(ClientSystemId::new);
    }

    /**
     * Finds the delivery of a deletion to record its answer, and locks its request, so that the
     * request is not dropped before the transaction ends. The lock also makes the transaction wait
     * for a standby if the same answer was recorded before.
     */
    static Optional<DeliveryOwner> findToAnswer(Handle handle, DeliveryId delivery) {
        return handle.createQuery(FIND_TO_ANSWER)
                .bind("id", delivery.value())
                .map(
                        (row, context) ->
                                new DeliveryOwner(
                                        new RequestId(row.getObject("request_id", UUID.class)),
                                        new ClientSystemId(row.getString("system_id"))))
                .findOne();
    }

    /**
     * A worker that stalled past its lease may find the delivery already sent again by another. Its
     * late schedule must not overwrite the newer one, so each applies under its own lease id only.
     */
    static void schedule(Handle handle, List<Schedule> schedules, Instant now) {
        handle.createUpdate(SCHEDULE)
                .bind("deliveries", array("uuid", schedules, Schedule::delivery))
                .bind("leases", array("uuid", schedules, Schedule::lease))
                .bind("states", array("text", schedules, each -> each.state().wireName()))
                .bind("steps", array("int4", schedules, Schedule::step))
                .bind("now", now)
                .bind("ats", array("timestamptz", schedules, Schedule::at))
                .bind("reasons", array("text", schedules, Schedule::reason))
                .execute();
    }
}
