package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.ledger.DueMarks;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.UUID;

/** A clock that is wrong for a while stops nothing for longer, and erases nothing. */
class ClockIT {

    private static final Duration PAST_THE_GRACE = Duration.ofDays(36);

    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
        relay.register(crm);
    }

    @AfterEach
    void stop() {
        crm.close();
        relay.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1H", "P40D", "P800D"})
    void after_a_step_ahead_deliveries_go_on(String step) {
        relay.execute("UPDATE client_system SET rate_per_minute = 100000");
        deliver("1");
        relay.clock().advance(Duration.parse(step));
        deliver("2");
        relay.clock().advance(Duration.parse(step).negated());

        deliver("3");

        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(3);
    }

    @Test
    void after_a_step_back_deliveries_go_on() {
        deliver("1");
        relay.clock().advance(Duration.ofHours(-1));
        deliver("2");
        relay.clock().advance(Duration.ofHours(1));
        deliver("3");
        relay.dispatchOnce();

        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(3);
    }

    @Test
    void a_rate_that_was_used_up_in_the_future_is_not_used_up_now() {
        relay.execute("UPDATE client_system SET rate_per_minute = 1");
        relay.clock().advance(Duration.ofHours(1));
        deliver("1");
        relay.clock().advance(Duration.ofHours(-1));
        relay.metaAsksToDelete("2");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofSeconds(63));
        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"500", "401", "503"})
    void what_failed_in_the_future_is_tried_in_time(String status) {
        crm.answers(Integer.parseInt(status), "");
        relay.clock().advance(Duration.ofDays(800));
        deliver("1");
        relay.clock().advance(Duration.ofDays(-800));
        crm.answers(200, "{\"outcome\":\"deleted\"}");
        relay.dispatchOnce();
        relay.clock().advance(Duration.ofMinutes(1));
        relay.dispatchOnce();

        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(1);
    }

    @Test
    void a_lease_from_the_future_ends() {
        relay.metaAsksToDelete("1");
        relay.clock().advance(Duration.ofHours(1));
        relay.execute(
                "UPDATE delivery SET lease_id = uuidv7(), next_attempt_at = next_attempt_at +"
                        + " INTERVAL '1 hour 75 seconds'");
        relay.clock().advance(Duration.ofHours(-1));
        relay.dispatchOnce();
        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(1);
    }

    @Test
    void a_claim_that_was_made_by_a_clock_that_was_ahead_holds_up_none_after_it() {
        // Of one thread, as a dispatcher's; its ticks stand still, so it does not walk again.
        var marks = new DueMarks(() -> 5);
        relay.clock().advance(Duration.ofDays(800));
        relay.metaAsksToDelete("1");
        assertThat(claim(marks)).isEqualTo(1);
        relay.clock().advance(Duration.ofDays(-800));
        relay.metaAsksToDelete("2");

        assertThat(claim(marks)).isEqualTo(1);
    }

    private int claim(DueMarks marks) {
        return relay.ledger().claim(10, system -> 10, UUID.randomUUID(), marks).deliveries().size();
    }

    @Test
    void a_reminder_from_the_future_comes_in_time() {
        crm.answers(202, "");
        relay.clock().advance(Duration.ofDays(800));
        deliver("1");
        relay.clock().advance(Duration.ofDays(-800));
        relay.dispatchOnce();
        relay.dispatchOnce();

        assertThat(relay.count("SELECT reminders FROM delivery")).isEqualTo(1);
    }

    @Test
    void a_pause_stays_a_pause() {
        relay.execute("UPDATE system_gate SET claimable_at = 'infinity', held_reason = 'paused'");
        deliver("1");

        assertThat(crm.received()).isEmpty();
    }

    @Test
    void a_clock_that_has_stepped_erases_nothing() {
        deliver("1");
        relay.retention().sweepIfDue();
        relay.clockIsTrustedFor(Duration.ZERO);
        relay.clock().advance(Duration.ofDays(800));

        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isOne();
        assertThat(relay.count("SELECT count(*) FROM retention_sweep")).isOne();

        // Nor does it a minute after it was taken for right, whatever has come in meanwhile.
        relay.clockIsTrustedFor(Duration.ofMinutes(1));
        relay.metaAsksToDelete("2");
        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isEqualTo(2);
    }

    @Test
    void a_relay_that_was_off_for_long_erases_after_an_hour() {
        deliver("1");
        relay.clockIsTrustedFor(Duration.ofMinutes(59));
        relay.clock().advance(PAST_THE_GRACE);
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isOne();

        relay.clockIsTrustedFor(Duration.ofMinutes(60));
        relay.retention().sweepIfDue();
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();
    }

    @Test
    void a_relay_that_is_started_again_erases_at_once() {
        deliver("1");
        relay.clock().advance(PAST_THE_GRACE.minusDays(1));
        relay.retention().sweepIfDue();
        relay.clockIsTrustedFor(Duration.ofSeconds(1));
        relay.clock().advance(Duration.ofDays(1).plusMinutes(10));

        relay.retention().sweepIfDue();

        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();
    }

    private void deliver(String person) {
        relay.metaAsksToDelete(person);
        relay.dispatchOnce();
    }
}
