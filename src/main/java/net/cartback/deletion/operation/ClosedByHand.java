package net.cartback.deletion.operation;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.ledger.Answers;
import net.cartback.deletion.terms.ClientSystemId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts and logs the deliveries that operators have closed. */
final class ClosedByHand {

    private static final Logger log = LoggerFactory.getLogger(ClosedByHand.class);
    private final MeterProvider<Counter> closed;

    ClosedByHand(MeterRegistry meters) {
        this.closed = Answers.closedCounter(meters);
    }

    void tell(ClientSystemId system, Outcome outcome, int deliveries) {
        closed.withTags("system", system.value(), "outcome", outcome.wireName())
                .increment(deliveries);
        log.atInfo()
                .addKeyValue("system", system)
                .addKeyValue("outcome", outcome.wireName())
                .addKeyValue("deliveries", deliveries)
                .log("An operator has closed deliveries by hand");
    }
}
