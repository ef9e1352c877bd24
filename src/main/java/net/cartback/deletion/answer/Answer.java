package net.cartback.deletion.answer;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * What a client system says it did. Two answers are equal when they say the same, in whatever
 * order.
 *
 * @param retained what is kept; empty unless the outcome is {@code RETAINED}
 * @param ground why it refused; null unless the outcome is {@code REFUSED}
 */
public record Answer(Outcome outcome, List<Retained> retained, @Nullable Ground ground) {

    /** Nothing more is needed to say that all is gone. */
    public static final Answer DELETED = new Answer(Outcome.DELETED, List.of(), null);

    /** Nothing more is needed to say that there was nothing. */
    public static final Answer NOTHING_FOUND = new Answer(Outcome.NOTHING_FOUND, List.of(), null);

    public Answer {
        retained = retained.stream().distinct().sorted().toList();
        if (outcome == Outcome.UNCONFIRMED) {
            throw new IllegalArgumentException("A client system cannot answer unconfirmed");
        }
        if ((outcome == Outcome.RETAINED) == retained.isEmpty()) {
            throw new IllegalArgumentException(
                    "retained must list data if the outcome is retained, and only then");
        }
        if ((outcome == Outcome.REFUSED) != (ground != null)) {
            throw new IllegalArgumentException(
                    "ground must be set if the outcome is refused, and only then");
        }
    }
}
