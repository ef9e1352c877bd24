package net.cartback.deletion.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.DatabaseClock;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** One part of a round that fails keeps no other from being done, and no figure from being told. */
class HousekeepingIT {

    private static final String OF_A_PERSON =
            "SELECT count(*) FROM deletion_request WHERE subject_sealed IS NOT NULL";
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @Test
    void a_part_that_fails_leaves_the_others_and_is_seen() {
        var meters = new SimpleMeterRegistry();
        var ticks = new AtomicLong();
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm");
                var housekeeping =
                        new Housekeeping(
                                relay.database(),
                                new DatabaseClock(),
                                relay.registry(),
                                relay.backlogs(),
                                relay.backfill(),
                                relay.retention(),
                                relay.idempotencyKeys(),
                                true,
                                meters,
                                new LastSeen(ticks::get, InstantSource.system()))) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            relay.execute("ALTER TABLE backfill RENAME TO elsewhere");
            housekeeping.start();

            await().atMost(PATIENCE)
                    .untilAsserted(
                            () ->
                                    assertThat(
                                                    meters.find("relay.backlog")
                                                            .tags("state", "pending")
                                                            .gauge())
                                            .isNotNull()
                                            .satisfies(gauge -> assertThat(gauge.value()).isOne()));
            // It has begun a moment ago; then a minute has passed without a whole round.
            ticks.addAndGet(Duration.ofMinutes(2).toNanos());
            assertThat(housekeeping.isUpToDate()).isFalse();
            assertThat(Watches.figures(housekeeping)).hasSize(1);

            relay.execute("ALTER TABLE elsewhere RENAME TO backfill");
            await().atMost(PATIENCE).until(housekeeping::isUpToDate);
            assertThat(Watches.figures(housekeeping)).isEmpty();
        }
    }

    @Test
    void a_relay_that_sends_nothing_erases_nothing() {
        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
                var resting = housekeeping(relay, false);
                var working = housekeeping(relay, true)) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            relay.clock().advance(Duration.ofDays(40));

            resting.sweep();
            assertThat(relay.count(OF_A_PERSON)).isOne();
            working.sweep();
            assertThat(relay.count(OF_A_PERSON)).isZero();
        }
    }

    private static Housekeeping housekeeping(TestRelay relay, boolean erases) {
        return new Housekeeping(
                relay.database(),
                new DatabaseClock(),
                relay.registry(),
                relay.backlogs(),
                relay.backfill(),
                relay.retention(),
                relay.idempotencyKeys(),
                erases,
                new SimpleMeterRegistry());
    }
}
