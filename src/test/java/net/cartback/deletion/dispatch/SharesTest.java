package net.cartback.deletion.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.terms.ClientSystemId;

import org.junit.jupiter.api.Test;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

class SharesTest {

    private static final ClientSystemId CRM = new ClientSystemId("crm");
    private static final ClientSystemId NEWS = new ClientSystemId("news");

    private final AtomicLong now = new AtomicLong(5);
    private final SlotQuota shares = new SlotQuota(now::get);

    @Test
    void a_system_begins_with_a_few_slots_and_keeps_no_more_while_its_calls_do_not_end() {
        assertThat(shares.of(CRM, 256)).isEqualTo(32);
        begin(CRM, 32);
        assertThat(shares.of(CRM, 224)).isZero();
        now.addAndGet(TimeUnit.MINUTES.toNanos(1));
        assertThat(shares.of(CRM, 224)).isZero();
        assertThat(shares.of(NEWS, 224)).as("the others").isEqualTo(32);
    }

    @Test
    void each_call_that_ends_earns_two_more_up_to_half_of_what_is_free() {
        begin(CRM, 32);
        end(CRM, 10);
        assertThat(shares.of(CRM, 234)).isEqualTo(32 + 20 - 22);
        end(CRM, 22);
        assertThat(shares.of(CRM, 256)).isEqualTo(96);
        begin(CRM, 96);
        end(CRM, 96);
        assertThat(shares.of(CRM, 256)).as("half of what is free").isEqualTo(128);
        assertThat(shares.of(CRM, 10)).isEqualTo(5);
        assertThat(shares.of(CRM, 0)).isZero();
    }

    @Test
    void what_was_earned_is_forgotten_after_two_seconds() {
        begin(CRM, 32);
        end(CRM, 32);
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(shares.of(CRM, 256)).isEqualTo(96);
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(shares.of(CRM, 256)).isEqualTo(32);
    }

    private void begin(ClientSystemId system, int calls) {
        for (int i = 0; i < calls; i++) {
            shares.begun(system);
        }
    }

    private void end(ClientSystemId system, int calls) {
        for (int i = 0; i < calls; i++) {
            shares.ended(system);
        }
    }
}
