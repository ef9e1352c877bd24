package net.cartback.deletion.terms;

/** What an operator can do; each is kept with who and why, and stands in the audit trail. */
public enum Verb implements WireName {
    /** Nothing is sent to a system until it is resumed. */
    PAUSE,
    RESUME,
    /** A delivery is due now. */
    RETRY,
    /** A parked delivery is due now. */
    UNPARK,
    /** An answer that came outside of the protocol is entered. */
    RECORD,
    /** An answer that was entered or recorded before is corrected. */
    AMEND,
    /** Deliveries of a client that is gone are closed unanswered: {@code close-unconfirmed}. */
    UNCONFIRMED,
    /** Many deliveries are due now. */
    REPLAY,
    /** What a client closed is sent afresh. */
    REDELIVER,
    /** A legal hold is placed on a request. */
    HOLD,
    /** A legal hold ends. */
    RELEASE,
    /** A request's due date is extended. */
    EXTEND,
    /** What a person asked for otherwise than through Meta is entered. */
    ENTER,
    /** That its receipt was confirmed to the person is entered. */
    ACKNOWLEDGE,
    /** Where the person is told by mail is changed. */
    NOTIFY,
    /** A test delivery is asked for. */
    TEST;

    /** What the audit trail calls it. */
    public String event() {
        return "operator." + wireName();
    }
}
