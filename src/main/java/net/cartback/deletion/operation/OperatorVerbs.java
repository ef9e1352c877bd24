package net.cartback.deletion.operation;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.ledger.Answers;
import net.cartback.deletion.ledger.ReceiptSql;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.reading.DeliveryRecord;
import net.cartback.deletion.reading.DeliveryRecordSql;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.Note;
import net.cartback.deletion.terms.Verb;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What an operator can do to deliveries and client systems by hand. Each verb is kept with who did
 * it and why, sealed, in the transaction of the change. A verb that concerns many deliveries goes
 * through them in batches, each a transaction: if it ends half way, the same again does the rest.
 *
 * <p>Thread-safe, and safe beside other replicas. Throws {@code DatabaseUnavailable} while the
 * database is away.
 */
public final class OperatorVerbs {

    /** What a verb for one delivery came to. */
    public enum Verdict {
        DONE,
        UNKNOWN,
        /** It is answered already, or on its way, or not in the state that the verb is for. */
        NOT_NOW
    }

    private static final Logger log = LoggerFactory.getLogger(OperatorVerbs.class);
    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;
    private final MeterProvider<Counter> closed;

    public OperatorVerbs(
            Database database, Keyring keyring, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
        this.closed = Answers.closedCounter(meters);
    }

    /**
     * Sends nothing to this system until it is resumed; what is due goes on to be due.
     *
     * @return false if it is paused already
     */
    public boolean pause(ClientSystemId system, Note note) {
        boolean paused =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            Gates.createMissing(handle, List.of(system));
                            if (!OperatorSql.pause(handle, system)) {
                                return false;
                            }
                            notes.keep(handle, Verb.PAUSE, system, null, 0, note);
                            return true;
                        });
        if (paused) {
            log.atInfo().addKeyValue("system", system).log("A client system is paused");
        }
        return paused;
    }

    /**
     * Sends to this system again, whether an operator has paused it or its own calls held it back:
     * one delivery as a probe first.
     *
     * @return false if nothing holds it back
     */
    public boolean resume(ClientSystemId system, Note note) {
        var now = clock.instant();
        boolean resumed =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            if (!OperatorSql.resume(handle, system, now)) {
                                return false;
                            }
                            notes.keep(handle, Verb.RESUME, system, null, 0, note);
                            return true;
                        });
        if (resumed) {
            log.atInfo().addKeyValue("system", system).log("A client system is resumed");
        }
        return resumed;
    }

    /** Makes one delivery due now that waits for its time or for its answer. */
    public Verdict retry(DeliveryId delivery, Note note) {
        return makeDue(
                Verb.RETRY,
                delivery,
                Set.of(DeliveryRecord.State.PENDING, DeliveryRecord.State.AWAITING_RECEIPT),
                note);
    }

    /** Makes a parked delivery due now, after what was wrong with it has been mended. */
    public Verdict unpark(DeliveryId delivery, Note note) {
        return makeDue(Verb.UNPARK, delivery, Set.of(DeliveryRecord.State.PARKED), note);
    }

    private Verdict makeDue(
            Verb verb, DeliveryId delivery, Set<DeliveryRecord.State> states, Note note) {
        return act(
                verb,
                delivery,
                note,
                null,
                (handle, found, action, now) ->
                        states.contains(found.state())
                                && OperatorSql.makeDue(handle, List.of(delivery.value()), now)
                                        == 1);
    }

    /** What a verb does to one delivery; false: it is not in a state for it. */
    private interface Act {
        boolean on(Handle handle, DeliveryRecord found, UUID action, Instant now);
    }

    /**
     * Does something to one delivery, and keeps who did it and why.
     *
     * @param closing the outcome with which this closes it; null: it does not
     */
    private Verdict act(
            Verb verb, DeliveryId delivery, Note note, @Nullable Outcome closing, Act act) {
        var now = clock.instant();
        var system =
                database.inTransaction(
                        note.actor(),
                        handle -> {
                            var found = DeliveryRecordSql.find(handle, delivery);
                            if (found.isEmpty()) {
                                return null;
                            }
                            var action = UUID.randomUUID();
                            if (!act.on(handle, found.get(), action, now)) {
                                return Optional.<ClientSystemId>empty();
                            }
                            var of = found.get().system();
                            notes.keep(handle, action, verb, of, delivery, 1, note);
                            return Optional.of(of);
                        });
        if (system == null) {
            return Verdict.UNKNOWN;
        }
        if (system.isEmpty()) {
            return Verdict.NOT_NOW;
        }
        if (closing != null) {
            tell(system.get(), closing, 1);
        }
        return Verdict.DONE;
    }

    private void tell(ClientSystemId system, Outcome outcome, int deliveries) {
        closed.withTags("system", system.value(), "outcome", outcome.wireName())
                .increment(deliveries);
        log.atInfo()
                .addKeyValue("system", system)
                .addKeyValue("outcome", outcome.wireName())
                .addKeyValue("deliveries", deliveries)
                .log("An operator has closed deliveries by hand");
    }

    /** Closes one delivery of a client that is gone and will never answer. */
    public Verdict closeUnconfirmed(DeliveryId delivery, Note note) {
        return act(
                Verb.UNCONFIRMED,
                delivery,
                note,
                Outcome.UNCONFIRMED,
                (handle, found, action, now) ->
                        found.kind() == Kind.DELETION
                                && OperatorSql.closeUnconfirmed(
                                                handle, List.of(delivery.value()), now)
                                        == 1);
    }

    /** Enters the answer that a client gave outside of the protocol, in a letter say. */
    public Verdict record(DeliveryId delivery, Answer answer, Note note) {
        return act(
                Verb.RECORD,
                delivery,
                note,
                answer.outcome(),
                (handle, found, action, now) ->
                        found.kind() == Kind.DELETION
                                && !ReceiptSql.closeWithFirst(
                                                handle,
                                                List.of(
                                                        new Incoming(
                                                                delivery,
                                                                found.request(),
                                                                found.system(),
                                                                answer,
                                                                Basis.BY_HAND,
                                                                null)),
                                                now)
                                        .isEmpty());
    }

    /** Corrects an answer that was recorded before; what it said stays on record. */
    public Verdict amend(DeliveryId delivery, Answer answer, Note note) {
        return act(
                Verb.AMEND,
                delivery,
                note,
                null,
                (handle, found, action, now) -> {
                    if (!OperatorSql.lockReceipt(handle, delivery)) {
                        return false;
                    }
                    OperatorSql.keepBeforeAmending(handle, action, delivery);
                    OperatorSql.amend(handle, delivery, answer, now);
                    return true;
                });
    }
}
