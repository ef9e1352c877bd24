package net.cartback.deletion.ledger;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;

/**
 * One HTTP try, as it is kept.
 *
 * @param reply the class of the reply: the row of the reply table that it fell into
 * @param error null if nothing went wrong
 * @param status the HTTP status; null if there was none
 */
public record Attempt(
        Instant startedAt,
        Duration duration,
        String reply,
        @Nullable ErrorClass error,
        @Nullable Integer status) {}
