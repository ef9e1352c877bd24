package net.cartback.deletion.ledger;

import static net.cartback.deletion.storage.Columns.array;
import static net.cartback.deletion.storage.Columns.bytes;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** SQL on {@code receipt} and {@code contradiction}. Each method is one statement. */
public final class ReceiptSql {

    /** What disagrees with a receipt is kept, but a client that cannot stop is not kept forever. */
    private static final int MAX_CONTRADICTIONS = 20;

    private ReceiptSql() {}

    /** An answer that came in for a delivery; posted: null if it came in the reply. */
    public record Incoming(
            DeliveryId delivery,
            RequestId request,
            ClientSystemId system,
            Answer answer,
            Basis basis,
            @Nullable Posted posted) {}

    /** The body of a posted answer: sealed, and its SHA-256. */
    record Posted(byte[] sealed, byte[] digest) {}

    /** A delivery that an answer closed, and whether that closed its request too. */
    record Closed(DeliveryId delivery, boolean completing) {}

    /**
     * Records the first answer of each delivery, closes the deliveries, and takes them off their
     * requests; the last one closes its request. Receipts go in by delivery and requests are locked
     * by id, so that two batches cannot wait for each other there; what a batch before has counted
     * down is seen, because a row is read again once it is locked.
     *
     * @return what was closed; nothing for a delivery that had an answer before
     */
    public static List<Closed> closeWithFirst(Handle handle, List<Incoming> answers, Instant now) {
        return handle.createQuery(
                        """
                        WITH first AS (
                            INSERT INTO receipt (delivery_id, basis, outcome, retained, ground,
                                                 body_sealed, body_digest, received_at)
                            SELECT a.delivery_id, a.basis, a.outcome, CAST(a.retained AS jsonb),
                                   a.ground, a.body_sealed, a.body_digest, :now
                              FROM unnest(:deliveries, :bases, :outcomes, :retained, :grounds,
                                          :sealed, :digests)
                                   AS a (delivery_id, basis, outcome, retained, ground,
                                         body_sealed, body_digest)
                             ORDER BY a.delivery_id
                            ON CONFLICT (delivery_id) DO NOTHING
                            RETURNING delivery_id, outcome
                        ), answered AS (
                            UPDATE delivery d
                               SET state = 'closed', outcome = first.outcome, closed_at = :now,
                                   next_attempt_at = NULL, lease_id = NULL, reason = NULL
                              FROM first
                             WHERE d.id = first.delivery_id
                            RETURNING d.id, d.request_id, old.state <> 'closed' AS was_open
                        )
                        """
                                + ClosingSql.COUNT_DOWN
                                + """
                                SELECT answered.id, counted.closed_at IS NOT NULL AS completing
                                  FROM answered
                                  LEFT JOIN counted ON counted.id = answered.request_id
                                """)
                .bind("deliveries", array("uuid", answers, each -> each.delivery().value()))
                .bind("bases", array("text", answers, each -> each.basis().wireName()))
                .bind(
                        "outcomes",
                        array("text", answers, each -> each.answer().outcome().wireName()))
                .bind(
                        "retained",
                        array(
                                "text",
                                answers,
                                each -> AnswerColumns.retained(each.answer().retained())))
                .bind("grounds", array("text", answers, each -> ground(each.answer())))
                .bind("sealed", bytes(answers, each -> sealed(each.posted())))
                .bind("digests", bytes(answers, each -> digest(each.posted())))
                .bind("now", now)
                .map(
                        (row, context) ->
                                new Closed(
                                        new DeliveryId(row.getObject("id", UUID.class)),
                                        row.getBoolean("completing")))
                .list();
    }

    /** What was answered to each: the answer that stands, and those that an operator amended. */
    static Map<DeliveryId, Set<Answer>> answers(Handle handle, List<DeliveryId> deliveries) {
        return handle
                .createQuery(
                        """
                        SELECT delivery_id, outcome, retained::text AS retained, ground
                          FROM receipt
                         WHERE delivery_id = ANY (:deliveries)
                         UNION ALL
                        SELECT delivery_id, outcome, retained::text, ground
                          FROM amendment
                         WHERE delivery_id = ANY (:deliveries)
                        """)
                .bind("deliveries", array("uuid", deliveries, DeliveryId::value))
                .map(
                        (row, context) ->
                                Map.entry(
                                        new DeliveryId(row.getObject("delivery_id", UUID.class)),
                                        AnswerColumns.answer(row)))
                .stream()
                .collect(
                        Collectors.groupingBy(
                                Map.Entry::getKey,
                                Collectors.mapping(Map.Entry::getValue, Collectors.toSet())));
    }

    static void insertContradiction(Handle handle, Incoming incoming, Instant now) {
        handle.createUpdate(
                        """
                        INSERT INTO contradiction (delivery_id, basis, outcome, retained, ground,
                                                   received_at)
                        SELECT :delivery, :basis, :outcome, CAST(:retained AS jsonb),
                               CAST(:ground AS text), :now
                         WHERE (SELECT count(*) FROM contradiction WHERE delivery_id = :delivery)
                               < :limit
                        ON CONFLICT DO NOTHING
                        """)
                .bind("delivery", incoming.delivery().value())
                .bind("basis", incoming.basis().wireName())
                .bind("outcome", incoming.answer().outcome().wireName())
                .bind("retained", AnswerColumns.retained(incoming.answer().retained()))
                .bind("ground", ground(incoming.answer()))
                .bind("now", now)
                .bind("limit", MAX_CONTRADICTIONS)
                .execute();
    }

    private static byte @Nullable [] sealed(@Nullable Posted posted) {
        return posted == null ? null : posted.sealed();
    }

    private static byte @Nullable [] digest(@Nullable Posted posted) {
        return posted == null ? null : posted.digest();
    }

    private static @Nullable String ground(Answer answer) {
        return answer.ground() == null ? null : answer.ground().wireName();
    }
}
