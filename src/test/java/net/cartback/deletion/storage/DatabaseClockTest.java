package net.cartback.deletion.storage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.time.Instant;

class DatabaseClockTest {

    private static final Instant BEGIN = Instant.parse("2026-11-25T12:00:00Z");
    private static final Duration ROUND = Duration.ofSeconds(10);

    private long ticks = 77_000_000_000L;
    private Duration hostStep = Duration.ofMinutes(10);
    private Duration databaseStep = Duration.ZERO;
    private final long begin = ticks;
    private final DatabaseClock clock = new DatabaseClock(() -> ticks, this::host);

    @BeforeEach
    void anchor() {
        look();
        pass(ROUND);
        look();
    }

    @Test
    void it_goes_by_the_database_whatever_this_machine_says() {
        assertThat(clock.instant()).isEqualTo(real());
        assertThat(clock.ofHost()).isEqualTo(Duration.ofMinutes(10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1H", "P800D", "PT-1H"})
    void a_step_of_this_machine_does_not_move_it(String step) {
        hostStep = hostStep.plus(Duration.parse(step));

        assertThat(clock.instant()).isEqualTo(real());
        look();
        pass(ROUND);
        assertThat(clock.instant()).isEqualTo(real());
        assertThat(clock.steadyFor()).isEqualTo(ROUND.multipliedBy(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1H", "P800D", "PT-1H"})
    void a_step_of_the_database_for_seconds_does_not_move_it(String step) {
        databaseStep = Duration.parse(step);
        look();
        assertThat(clock.instant()).isEqualTo(real());
        assertThat(clock.ofDatabase()).isEqualTo(databaseStep);
        assertThat(clock.steadyFor()).isZero();

        pass(ROUND);
        databaseStep = Duration.ZERO;
        look();

        assertThat(clock.instant()).isEqualTo(real());
        assertThat(clock.ofDatabase()).isZero();
        assertThat(clock.steadyFor()).isPositive();
    }

    @Test
    void a_step_of_the_database_that_lasts_is_followed_in_the_end() {
        databaseStep = Duration.ofHours(1);
        for (int i = 0; i <= 30; i++) {
            assertThat(clock.instant()).isEqualTo(real());
            look();
            pass(ROUND);
        }

        assertThat(clock.instant()).isEqualTo(real().plus(databaseStep));
        assertThat(clock.steadyFor()).isEqualTo(ROUND);
    }

    @Test
    void steps_that_differ_do_not_add_up() {
        for (int i = 1; i <= 60; i++) {
            databaseStep = Duration.ofHours(i);
            look();
            pass(ROUND);
        }

        assertThat(clock.instant()).isEqualTo(real());
    }

    @Test
    void after_the_machine_slept_the_time_is_right_at_once() {
        hostStep = hostStep.plusHours(3);
        databaseStep = Duration.ofHours(3);

        look();

        assertThat(clock.instant()).isEqualTo(real().plus(databaseStep));
        assertThat(clock.steadyFor()).isZero();
    }

    @Test
    void a_clock_that_nobody_else_confirms_is_not_trusted_with_what_cannot_be_undone() {
        pass(Duration.ofHours(2));
        assertThat(clock.trustedFor()).isGreaterThan(Duration.ofHours(2));

        hostStep = Duration.ofMinutes(61);
        assertThat(clock.isApart()).isTrue();
        assertThat(clock.trustedFor()).isZero();
        hostStep = Duration.ofDays(-800);
        assertThat(clock.trustedFor()).isZero();
    }

    @Test
    void a_long_step_ahead_is_trusted_a_day_later_though_both_clocks_have_made_it() {
        hostStep = hostStep.plusDays(800);
        databaseStep = Duration.ofDays(800);
        look();

        pass(Duration.ofHours(24));
        assertThat(clock.trustedFor().isPositive()).isFalse();
        pass(Duration.ofHours(1));
        assertThat(clock.trustedFor()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void what_drifts_is_followed() {
        for (int i = 0; i < 100; i++) {
            databaseStep = databaseStep.plusMillis(200);
            pass(ROUND);
            look();
        }

        assertThat(clock.instant()).isEqualTo(real().plusSeconds(20));
        assertThat(clock.steadyFor()).isGreaterThan(ROUND.multipliedBy(100));
    }

    private Instant real() {
        return BEGIN.plusNanos(ticks - begin);
    }

    private Instant host() {
        return real().plus(hostStep);
    }

    private void look() {
        clock.take(ticks, real().plus(databaseStep), host());
    }

    private void pass(Duration time) {
        ticks += time.toNanos();
    }
}
