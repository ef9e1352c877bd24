package net.cartback.deletion.serve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;

class LastSeenTest {

    private static final Duration LIMIT = Duration.ofSeconds(40);

    private long ticks = 77;
    private Instant clock = Instant.parse("2026-11-26T01:00:00Z");
    private final LastSeen seen = new LastSeen(() -> ticks, () -> clock);

    @Test
    void what_was_never_seen_was_not_seen_in_time() {
        assertThat(seen.isWithin(LIMIT)).isFalse();
    }

    @Test
    void it_counts_from_when_the_look_began() {
        var began = seen.now();
        pass(Duration.ofSeconds(30));
        seen.at(began);
        assertThat(seen.isWithin(LIMIT)).isTrue();
        pass(Duration.ofSeconds(10));
        assertThat(seen.isWithin(LIMIT)).isFalse();
    }

    @Test
    void a_machine_that_was_stopped_has_no_ticks_of_that_time_but_its_clock_goes_on() {
        seen.at(seen.now());
        clock = clock.plus(Duration.ofMinutes(10));
        assertThat(seen.isWithin(LIMIT)).isFalse();
    }

    @Test
    void a_clock_that_is_set_back_makes_nothing_younger() {
        seen.at(seen.now());
        clock = clock.minus(Duration.ofHours(1));
        assertThat(seen.isWithin(LIMIT)).isTrue();
        ticks += LIMIT.toNanos();
        assertThat(seen.isWithin(LIMIT)).isFalse();
    }

    private void pass(Duration time) {
        ticks += time.toNanos();
        clock = clock.plus(time);
    }
}
