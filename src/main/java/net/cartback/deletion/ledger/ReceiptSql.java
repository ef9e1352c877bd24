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

/** SQL on {@code receipt} and {@code contradiction}. */
public final class ReceiptSql {

    private static final String CLOSE_WITH_FIRST =
            """
            WITH closing AS (
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
            )
            """
                    + ClosingSql.CLOSE;

    private static final String ANSWERS =
            """
            SELECT delivery_id, outcome, retained::text AS retained, ground
              FROM receipt
             WHERE delivery_id = ANY (:deliveries)
             UNION ALL
            SELECT delivery_id, outcome, retained::text, ground
              FROM amendment
             WHERE delivery_id = ANY (:deliveries)
            """;

    private static final String LOCK = "SELECT 1 FROM receipt WHERE delivery_id = :id FOR UPDATE";

    private static final String AMEND =
            """
            WITH amended AS (
                UPDATE receipt
                   SET basis = 'by_hand', outcome = :outcome,
                       retained = CAST(:retained AS jsonb), ground = :ground,
                       received_at = :now
                 WHERE delivery_id = :delivery
                RETURNING delivery_id, outcome
            )
            UPDATE delivery d
               SET outcome = amended.outcome
              FROM amended
             WHERE d.id = amended.delivery_id
            """;

    private static final String INSERT_CONTRADICTION =
            """
            INSERT INTO contradiction (delivery_id, basis, outcome, retained, ground,
                                       received_at)
            SELECT :delivery, :basis, :outcome, CAST(:retained AS jsonb),
                   CAST(:ground AS text), :now
             WHERE (SELECT count(*) FROM contradiction WHERE delivery_id = :delivery)
                   < :limit
            ON CONFLICT DO NOTHING
            """;

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

    /**
     * Records the first answer of each delivery, and closes the deliveries. Receipts go in by
     * delivery, so that two batches cannot wait for each other.
     *
     * @return what was closed; nothing for a delivery that had an answer before
     */
    public static List<ClosingSql.Closed> closeWithFirst(
            Handle handle, List<Incoming> answers, Instant now) {
        return handle.createQuery(CLOSE_WITH_FIRST)
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
                .bind("answered", true)
                .bind("now", now)
                .map((row, context) -> ClosingSql.closed(row))
                .list();
    }

    /** What was answered to each: the answer that stands, and those that an operator amended. */
    static Map<DeliveryId, Set<Answer>> answers(Handle handle, List<DeliveryId> deliveries) {
        return handle
                .createQuery(ANSWERS)
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

    /** Locks a receipt, so that two amendments come one after the other; false: there is none. */
    public static boolean lock(Handle handle, DeliveryId delivery) {
        return handle.createQuery(LOCK)
                .bind("id", delivery.value())
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }

    /** Writes what an operator says instead, in the receipt and on the delivery. */
    public static void amend(Handle handle, DeliveryId delivery, Answer answer, Instant now) {
        handle.createUpdate(AMEND)
                .bind("delivery", delivery.value())
                .bind("outcome", answer.outcome().wireName())
                .bind("retained", AnswerColumns.retained(answer.retained()))
                .bind("ground", ground(answer))
                .bind("now", now)
                .execute();
    }

    static void insertContradiction(Handle handle, Incoming incoming, Instant now) {
        handle.createUpdate(INSERT_CONTRADICTION)
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
