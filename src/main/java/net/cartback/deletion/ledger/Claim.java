package net.cartback.deletion.ledger;

import java.util.List;

/**
 * What a claim brought.
 *
 * @param passedOver whether something is due whose system another replica was claiming from at the
 *     same moment: it is worth asking again soon
 */
public record Claim(List<ClaimedDelivery> deliveries, boolean passedOver) {

    public Claim {
        deliveries = List.copyOf(deliveries);
    }
}
