package net.cartback.deletion.terms;

/** Where a delivery stands. {@code docs/ARCHITECTURE.md} draws the transitions. */
public enum DeliveryState implements WireName {
    /** It is due at its next attempt's time; while it is sent, somebody has a lease on it. */
    PENDING,
    /** Its client system has accepted it, and its answer is expected. */
    AWAITING_RECEIPT,
    /** An operator must look at it; an answer still closes it. */
    PARKED,
    /** It is answered, or ended. */
    CLOSED
}
