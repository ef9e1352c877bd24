package net.cartback.deletion.operation;

import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.reading.DeliveryView;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.Set;

/**
 * Which deliveries of one system shall be sent again now. Those that are answered, or on their way
 * at this moment, are never among them.
 *
 * @param from deliveries created since; null: since ever
 * @param to deliveries created before; null: until now
 * @param states at least one of {@code PENDING}, {@code AWAITING_RECEIPT} and {@code PARKED}
 * @param error what their last attempt came to; null: anything
 */
public record Replay(
        @Nullable Instant from,
        @Nullable Instant to,
        Set<DeliveryView.State> states,
        @Nullable ErrorClass error) {

    /** The states in which a delivery can be sent again. */
    public static final Set<DeliveryView.State> STATES =
            Set.of(
                    DeliveryView.State.PENDING,
                    DeliveryView.State.AWAITING_RECEIPT,
                    DeliveryView.State.PARKED);

    public Replay {
        states = Set.copyOf(states);
        if (states.isEmpty() || !STATES.containsAll(states)) {
            throw new IllegalArgumentException("Only what is not answered can be sent again");
        }
    }
}
