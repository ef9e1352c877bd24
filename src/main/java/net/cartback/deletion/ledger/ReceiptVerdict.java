package net.cartback.deletion.ledger;

import net.cartback.deletion.terms.WireName;

/** What a client system's answer met. */
public enum ReceiptVerdict implements WireName {
    /** The first answer: it is recorded, and the delivery closed. */
    RECORDED,
    /** The same content again: nothing changed. */
    REPEATED,
    /** Another content than the first: kept for the operator, nothing else changed. */
    CONTRADICTED,
    /** There is no such delivery. */
    UNKNOWN
}
