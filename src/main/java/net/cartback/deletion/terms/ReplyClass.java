package net.cartback.deletion.terms;

/** What a client system's reply means for its delivery, as attempts and metrics name it. */
public enum ReplyClass implements WireName {
    ANSWERED,
    ACCEPTED,
    TRY_AGAIN,
    THROTTLED,
    SYSTEM_AT_FAULT,
    NOT_SENT,
    DELIVERY_AT_FAULT
}
