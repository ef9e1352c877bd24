package net.cartback.deletion.terms;

import java.time.Duration;
import java.time.Instant;

/** What the relay is told of a person. */
public enum Kind implements WireName {
    /** The person wants to be forgotten: every system must answer what it did. */
    DELETION,
    /** The person has removed the app: a notice, which systems hear and need not answer. */
    DEAUTHORIZATION,
    /**
     * A person has asked otherwise than through Meta, and was confirmed: answered like a deletion.
     */
    PERSON;

    /** A notice that could not be delivered in this time is of no use any more. */
    private static final Duration NOTICE_LIFE = Duration.ofDays(7);

    /** When what was received now is due; of a notice: when it ends. */
    public Instant dueAt(Instant received) {
        return isAnswered() ? DueDate.of(received) : received.plus(NOTICE_LIFE);
    }

    /** Whether each system must answer what it did, and somebody may ask what became of it. */
    public boolean isAnswered() {
        return this != DEAUTHORIZATION;
    }
}
