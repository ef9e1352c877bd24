package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;
import static net.cartback.deletion.storage.Columns.bytes;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.util.List;

/** SQL on {@code attempt}. */
final class AttemptSql {

    private static final String INSERT =
            """
            INSERT INTO attempt (delivery_id, number, lease_id, started_at, duration_ms,
                                 reply, error, status, answer_sealed)
            SELECT * FROM unnest(:deliveries, :numbers, :leases, :started, :durations,
                                 :replies, :errors, :statuses, :answers)
            ON CONFLICT (delivery_id, number) DO NOTHING
            """;

    private AttemptSql() {}

    /** An attempt to insert, with its answer sealed; null: there was none. */
    record Row(Settlement settlement, byte @Nullable [] answerSealed) {}

    /** A batch that is written again after a lost connection finds its attempts there already. */
    static void insert(Handle handle, List<Row> rows) {
        var settlements = rows.stream().map(Row::settlement).toList();
        handle.createUpdate(INSERT)
                .bind(
                        "deliveries",
                        array("uuid", settlements, each -> each.delivery().id().value()))
                .bind("numbers", array("int4", settlements, each -> each.delivery().attempt()))
                .bind("leases", array("uuid", settlements, each -> each.delivery().leaseId()))
                .bind(
                        "started",
                        array("timestamptz", settlements, each -> each.attempt().startedAt()))
                .bind(
                        "durations",
                        array(
                                "int4",
                                settlements,
                                each -> (int) each.attempt().duration().toMillis()))
                .bind(
                        "replies",
                        array("text", settlements, each -> each.attempt().reply().wireName()))
                .bind("errors", array("text", settlements, each -> errorName(each.attempt())))
                .bind("statuses", array("int4", settlements, each -> each.attempt().status()))
                .bind("answers", bytes(rows, Row::answerSealed))
                .execute();
    }

    private static @Nullable String errorName(Attempt attempt) {
        var error = attempt.error();
        return error == null ? null : error.wireName();
    }
}
