package net.cartback.deletion.ledger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What client systems answer, and what becomes of it. */
public final class Answers {

    private static final Logger log = LoggerFactory.getLogger(Answers.class);

    private final Keyring keyring;
    private final MeterProvider<Counter> closed;
    private final MeterProvider<Counter> receipts;

    Answers(Keyring keyring, MeterRegistry meters) {
        this.keyring = keyring;
        this.closed = closedCounter(meters);
        this.receipts =
                Counter.builder("relay.receipts")
                        .description("Answers of client systems, by what became of them")
                        .withRegistry(meters);
    }

    public static MeterProvider<Counter> closedCounter(MeterRegistry meters) {
        return Counter.builder("relay.deliveries")
                .description("Deliveries closed, by client system and outcome")
                .withRegistry(meters);
    }

    /** Begins the counters of these systems at 0; again does nothing. */
    void begin(Collection<ClientSystemId> systems) {
        for (var system : systems) {
            for (var outcome : Outcome.values()) {
                closed.withTags("system", system.value(), "outcome", outcome.wireName());
            }
            for (var verdict : ReceiptVerdict.values()) {
                receipts.withTags("system", system.value(), "verdict", verdict.wireName());
            }
        }
    }

    /** What became of an answer that came in. */
    record Recorded(Incoming incoming, ReceiptVerdict verdict, boolean completing) {}

    /**
     * Records answers, and returns the verdict of each. If two answers for a delivery come at the
     * same moment, the receipt's key decides which one is first.
     */
    static List<Recorded> record(Handle handle, List<Incoming> answers, Instant now) {
        if (answers.isEmpty()) {
            return List.of();
        }
        var closed = new HashMap<DeliveryId, Boolean>();
        for (var each : ReceiptSql.closeWithFirst(handle, answers, now)) {
            closed.put(each.delivery(), each.completing());
        }
        var recorded = new ArrayList<Recorded>();
        var later = new ArrayList<Incoming>();
        var completed = new HashSet<RequestId>();
        for (var each : answers) {
            // One batch may hold two answers for one delivery; only one of them is the first.
            var completing = closed.remove(each.delivery());
            if (completing == null) {
                later.add(each);
            } else {
                // Nor is a request told twice when two of its deliveries close together.
                recorded.add(
                        new Recorded(
                                each,
                                ReceiptVerdict.RECORDED,
                                completing && completed.add(each.request())));
            }
        }
        if (!later.isEmpty()) {
            var known = ReceiptSql.answers(handle, later.stream().map(Incoming::delivery).toList());
            for (var each : later) {
                if (known.getOrDefault(each.delivery(), Set.of()).contains(each.answer())) {
                    recorded.add(new Recorded(each, ReceiptVerdict.REPEATED, false));
                } else {
                    ReceiptSql.insertContradiction(handle, each, now);
                    recorded.add(new Recorded(each, ReceiptVerdict.CONTRADICTED, false));
                }
            }
        }
        return recorded;
    }

    void tell(Recorded recorded) {
        var answer = recorded.incoming();
        var system = answer.system().value();
        var outcome = answer.answer().outcome().wireName();
        receipts.withTags("system", system, "verdict", recorded.verdict().wireName()).increment();
        switch (recorded.verdict()) {
            case RECORDED -> {
                closed.withTags("system", system, "outcome", outcome).increment();
                log.atDebug()
                        .addKeyValue("delivery_id", answer.delivery())
                        .addKeyValue("system", system)
                        .addKeyValue("outcome", outcome)
                        .addKeyValue("basis", answer.basis().wireName())
                        .log("A delivery is closed");
                if (recorded.completing()) {
                    log.atInfo()
                            .addKeyValue("request_id", answer.request())
                            .log("A deletion request is completed");
                }
            }
            case CONTRADICTED ->
                    log.atWarn()
                            .addKeyValue("delivery_id", answer.delivery())
                            .addKeyValue("system", system)
                            .addKeyValue("outcome", outcome)
                            .log("A client system contradicts its first answer; the first stands");
            case REPEATED, UNKNOWN -> {}
        }
    }

    ReceiptSql.Posted posted(DeliveryId delivery, byte[] body) {
        var sealed = keyring.sealer().seal(SealedColumns.RECEIPT.at(delivery), body);
        return new ReceiptSql.Posted(sealed, Digest.sha256(body));
    }
}
