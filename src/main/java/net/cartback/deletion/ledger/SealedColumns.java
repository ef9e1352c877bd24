package net.cartback.deletion.ledger;

import net.cartback.deletion.keys.SealedColumn;
import net.cartback.deletion.terms.DeliveryId;

import java.util.List;

/** The columns of requests, deliveries and what is done to them that hold sealed values. */
public final class SealedColumns {

    /** The person's id. */
    public static final SealedColumn SUBJECT =
            new SealedColumn("deletion_request", "subject_sealed", "id");

    /** The confirmation code. */
    public static final SealedColumn CODE =
            new SealedColumn("deletion_request", "code_sealed", "id");

    /** What an attempt was answered, by delivery and number; see {@link #attempt}. */
    public static final SealedColumn ANSWER =
            new SealedColumn(
                    "attempt", "answer_sealed", "delivery_id", "delivery_id || '/' || number");

    /** A receipt as it was posted, by its delivery. */
    public static final SealedColumn RECEIPT =
            new SealedColumn("receipt", "body_sealed", "delivery_id");

    /** Which operator did something, and why. */
    public static final SealedColumn NOTE =
            new SealedColumn("operator_action", "note_sealed", "id");

    public static final List<SealedColumn> ALL = List.of(SUBJECT, CODE, ANSWER, RECEIPT, NOTE);

    private SealedColumns() {}

    /** The row of an attempt, as {@link #ANSWER} names it. */
    public static String attempt(DeliveryId delivery, int number) {
        return delivery + "/" + number;
    }
}
