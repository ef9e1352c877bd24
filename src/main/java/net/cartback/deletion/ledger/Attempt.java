package net.cartback.deletion.ledger;

import net.cartback.deletion.terms.ReplyClass;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;

/**
 * One HTTP try, as it is kept.
 *
 * @param reply the class of the reply: the row of the reply table that it fell into
 * @param error null if nothing went wrong
 * @param status the HTTP status; null if there was none
 * @param answer the beginning of the reply's body, at most {@link #MAX_ANSWER} bytes; kept sealed
 */
public record Attempt(
        Instant startedAt,
        Duration duration,
        ReplyClass reply,
        @Nullable ErrorClass error,
        @Nullable Integer status,
        byte[] answer) {

    /** So much of an answer is kept, in bytes. */
    public static final int MAX_ANSWER = 2_048;

    @Override
    public String toString() {
        return "Attempt[" + reply + ", " + error + ", " + status + "]";
    }
}
