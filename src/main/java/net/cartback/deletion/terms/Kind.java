package net.cartback.deletion.terms;

import java.time.Duration;
import java.time.Instant;

/** What Meta tells of a person. */
public enum Kind implements WireName {
    /** The person wants to be forgotten: every system must answer what it did. */
    DELETION,
    /** The person has removed the app: a notice, which systems hear and need not answer. */
    DEAUTHORIZATION;

    /** A notice that could not be delivered in this time is of no use any more. */
    private static final Duration NOTICE_LIFE = Duration.ofDays(7);

    /** When what was received now is due; of a notice: when it ends. */
    public Instant dueAt(Instant received) {
        return this == DELETION ? DueDate.of(received) : received.plus(NOTICE_LIFE);
    }
}
