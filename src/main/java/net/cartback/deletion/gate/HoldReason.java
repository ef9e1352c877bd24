package net.cartback.deletion.gate;

import org.jspecify.annotations.Nullable;

/**
 * Why a client system is held back: one of the rules below, or what an attempt failed of, such as
 * {@code dns} or {@code status_404}.
 *
 * @param wireName as it stands in the database and in the admin API
 */
public record HoldReason(String wireName) {

    /** Its rate is used up: it is not held, and the next delivery waits a moment. */
    public static final HoldReason RATE = new HoldReason("rate");

    /** An operator has paused it. */
    public static final HoldReason PAUSED = new HoldReason("paused");

    /** It is probed now, because what held it may be mended. */
    public static final HoldReason RESUMING = new HoldReason("resuming");

    /** It has asked for time. */
    public static final HoldReason RETRY_AFTER = new HoldReason("retry_after");

    /** Too many of its calls fail. */
    public static final HoldReason FAILING = new HoldReason("failing");

    /** Whether nothing is sent until a probe succeeds, or an operator resumes it. */
    public boolean isHeld() {
        return !equals(RATE);
    }

    /** From a column; null if that is NULL: the system is open. */
    public static @Nullable HoldReason ofColumn(@Nullable String wireName) {
        return wireName == null ? null : new HoldReason(wireName);
    }

    @Override
    public String toString() {
        return wireName;
    }
}
