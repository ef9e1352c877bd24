package net.cartback.deletion.dispatch;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * When a failed delivery is sent again: soon at first, then daily, without end. A deletion is a
 * legal duty, so there is no last attempt. Pure; randomness is passed in.
 */
final class RetrySchedule {

    private static final List<Duration> DELAYS =
            List.of(
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(2),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(30),
                    Duration.ofHours(2),
                    Duration.ofHours(6),
                    Duration.ofHours(12));

    private static final Duration AFTERWARDS = Duration.ofDays(1);

    /**
     * Each delay is drawn from ± 20 % around its value, so that a crowd that failed together parts.
     */
    private static final double JITTER = 0.2;

    private RetrySchedule() {}

    /** How long to wait after so many attempts (from 1) have failed. */
    static Duration after(int failed, RandomGenerator random) {
        var delay = failed <= DELAYS.size() ? DELAYS.get(failed - 1) : AFTERWARDS;
        return Duration.ofMillis(
                Math.round(delay.toMillis() * random.nextDouble(1 - JITTER, 1 + JITTER)));
    }
}
