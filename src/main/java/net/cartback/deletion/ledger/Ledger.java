package net.cartback.deletion.ledger;

import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.GateChange;
import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.ledger.ClaimSql.Claimable;
import net.cartback.deletion.ledger.DeliverySql.Schedule;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.ledger.Settlement.Next.AwaitReceipt;
import net.cartback.deletion.ledger.Settlement.Next.Close;
import net.cartback.deletion.ledger.Settlement.Next.Delivered;
import net.cartback.deletion.ledger.Settlement.Next.Park;
import net.cartback.deletion.ledger.Settlement.Next.Postpone;
import net.cartback.deletion.ledger.Settlement.Next.Retry;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.DeliveryState;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * The record of requests, deliveries, attempts and receipts. Each verb is one transaction,
 * committed when the verb returns.
 *
 * <p>Locks are taken in one order everywhere: receipts by delivery, deliveries, requests by id,
 * gates. The backfill of open requests locks requests first, and then only inserts deliveries that
 * no other transaction can see. If two transactions still lock the same deliveries, because a lease
 * had ended, the database aborts one of them, and that transaction runs again.
 *
 * <p>Safe beside other replicas.
 */
public final class Ledger {

    private static final String SETTLE = "SET LOCAL lock_timeout = '200ms'";

    private static final Logger log = LoggerFactory.getLogger(Ledger.class);

    /**
     * How much longer than its call a lease lasts: time to start, to sign, to settle. A delivery
     * whose worker died is sent again after this at the latest.
     */
    public static final Duration LEASE_MARGIN = Duration.ofSeconds(15);

    /** How many silent deliveries of one system are made due in one sweep. */
    private static final int REMIND_AT_ONCE = 500;

    /** How many deliveries of notices are ended in one sweep. */
    private static final int EXPIRE_AT_ONCE = 500;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Answers answers;

    public Ledger(Database database, Keyring keyring, InstantSource clock, MeterRegistry meters) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.answers = new Answers(keyring, meters);
    }

    /** Claims due deliveries from the beginning of each queue, without marks. */
    public Claim claim(int atMost, ToIntFunction<ClientSystemId> share, UUID lease) {
        return claim(atMost, share, lease, new DueMarks(System::nanoTime));
    }

    /**
     * Claims deliveries that are due. Each is ours until its lease ends.
     *
     * @param atMost how many can start here now
     * @param share how many of each system may start here now
     * @param lease a fresh id: if this fails without saying whether it happened, {@link
     *     #handBack(UUID)} finds out
     * @param marks where to begin, and how far it came
     */
    public Claim claim(
            int atMost, ToIntFunction<ClientSystemId> share, UUID lease, DueMarks marks) {
        var now = clock.instant();
        var from = marks.next(now);
        var claim =
                database.inTransaction(handle -> claim(handle, from, atMost, share, lease, now));
        marks.claimed(
                claim.taken().stream()
                        .map(
                                each ->
                                        new DueMarks.Claimed(
                                                each.delivery().system(),
                                                each.delivery().step() > 0,
                                                each.wasDueAt()))
                        .toList());
        return new Claim(
                claim.taken().stream().map(ClaimSql.LeasedDelivery::delivery).toList(),
                claim.passedOver());
    }

    private record Claiming(List<ClaimSql.LeasedDelivery> taken, boolean passedOver) {}

    private static Claiming claim(
            Handle handle,
            DueMarks.From from,
            int atMost,
            ToIntFunction<ClientSystemId> share,
            UUID lease,
            Instant now) {
        var gates = ClaimSql.lockGates(handle, from, now);
        var locked = gates.stream().filter(Claimable::locked).map(Claimable::system).toList();
        return new Claiming(
                locked.isEmpty()
                        ? List.of()
                        : ClaimSql.claim(
                                handle, locked, from, atMost, share, lease, now, LEASE_MARGIN),
                locked.size() < gates.size());
    }

    /**
     * Puts back what was claimed under one lease and has not been sent: it is due again at once.
     */
    public void handBack(UUID lease, Collection<DeliveryId> unsent) {
        handBack(lease, handle -> unsent.stream().map(DeliveryId::value).toList());
    }

    /** Puts back all deliveries under this lease, after a claim whose result was lost. */
    public void handBack(UUID lease) {
        handBack(lease, handle -> ClaimSql.leasedUnder(handle, lease));
    }

    private void handBack(UUID lease, Function<Handle, List<UUID>> unsent) {
        var now = clock.instant();
        database.useTransaction(
                handle -> {
                    var deliveries = unsent.apply(handle);
                    if (!deliveries.isEmpty()) {
                        ClaimSql.handBack(handle, lease, deliveries, now);
                        ClaimSql.handBackProbe(handle, lease, now);
                    }
                });
    }

    /**
     * Makes deliveries due again whose worker died, or that a client system has accepted but not
     * answered in time. Ends notices whose time is over, and waiting times longer than any rule
     * sets.
     *
     * @return how many deliveries and gates were changed
     */
    public int sweep() {
        var now = clock.instant();
        int ended = database.inTransaction(handle -> SweepSql.endLeases(handle, now));
        int reminded =
                database.inTransaction(handle -> SweepSql.remind(handle, REMIND_AT_ONCE, now));
        int expired =
                database.inTransaction(handle -> ClosingSql.expire(handle, EXPIRE_AT_ONCE, now));
        int early =
                database.inTransaction(
                        handle ->
                                Gates.openFromFuture(handle, now)
                                        + SweepSql.takeFromFuture(handle, REMIND_AT_ONCE, now));
        int opened = database.inTransaction(handle -> Gates.openIdle(handle, now));
        if (early > 0) {
            log.atWarn()
                    .addKeyValue("entries", early)
                    .log("Deliveries and gates that a wrong clock had put off are due now");
        }
        return ended + reminded + expired + early + opened;
    }

    /**
     * Records the results of attempts, the next step of each delivery, and the effect on the gates
     * of the client systems, all in one transaction.
     *
     * @return the gates that changed
     */
    public List<GateChange> settle(List<Settlement> settlements) {
        return settle(settlements, true);
    }

    /**
     * As {@link #settle}, but waits no more than a moment for a lock.
     *
     * @throws DatabaseUnavailable also if it {@linkplain DatabaseUnavailable#isLocked is locked}
     */
    public List<GateChange> settleUnlessLocked(List<Settlement> settlements) {
        return settle(settlements, false);
    }

    private List<GateChange> settle(List<Settlement> settlements, boolean patient) {
        var now = clock.instant();
        var attempts = settlements.stream().map(this::attempt).toList();
        var reports = settlements.stream().map(Settlement::report).toList();
        var changes = new ArrayList<GateChange>();
        var recorded =
                database.inTransaction(
                        handle -> {
                            if (!patient) {
                                handle.execute(SETTLE);
                            }
                            AttemptSql.insert(handle, attempts);
                            var came = new ArrayList<Incoming>();
                            var schedules = new ArrayList<Schedule>();
                            var delivered = new ArrayList<UUID>();
                            for (var each : settlements) {
                                if (each.next() instanceof Delivered) {
                                    delivered.add(each.delivery().id().value());
                                } else if (each.next() instanceof Close(var answer, var basis)) {
                                    came.add(
                                            new Incoming(
                                                    each.delivery().id(),
                                                    each.delivery().request(),
                                                    each.delivery().system(),
                                                    answer,
                                                    basis,
                                                    null));
                                } else {
                                    schedules.add(schedule(each));
                                }
                            }
                            if (!schedules.isEmpty()) {
                                DeliverySql.schedule(handle, schedules, now);
                            }
                            if (!delivered.isEmpty()) {
                                ClosingSql.delivered(handle, delivered, now);
                            }
                            var known = Answers.record(handle, came, now);
                            // Last, because from here on every other settling waits for this one.
                            changes.clear();
                            changes.addAll(Gates.apply(handle, reports, now));
                            return known;
                        });
        recorded.forEach(answers::tell);
        return changes;
    }

    private AttemptSql.Row attempt(Settlement settlement) {
        var answer = settlement.attempt().answer();
        var delivery = settlement.delivery();
        return new AttemptSql.Row(
                settlement,
                answer.length == 0
                        ? null
                        : keyring.sealer()
                                .seal(
                                        SealedColumns.ANSWER.at(
                                                SealedColumns.attempt(
                                                        delivery.id(), delivery.attempt())),
                                        answer));
    }

    private static Schedule schedule(Settlement settlement) {
        var delivery = settlement.delivery();
        var id = delivery.id().value();
        var lease = delivery.leaseId();
        return switch (settlement.next()) {
            case AwaitReceipt(var by, var doubt) ->
                    new Schedule(
                            id, lease, DeliveryState.AWAITING_RECEIPT, delivery.step(), by, doubt);
            case Retry(var at, var reason) ->
                    new Schedule(id, lease, DeliveryState.PENDING, delivery.step() + 1, at, reason);
            case Postpone(var at, var reason) ->
                    new Schedule(id, lease, DeliveryState.PENDING, delivery.step(), at, reason);
            case Park(var reason) ->
                    new Schedule(id, lease, DeliveryState.PARKED, delivery.step(), null, reason);
            case Close closed -> throw new IllegalArgumentException("An answer is no schedule");
            case Delivered done -> throw new IllegalArgumentException("Done needs no schedule");
        };
    }

    /**
     * Records an answer that a client system posted, signed. The first one wins, whoever hears it.
     *
     * @param body as it was signed; kept sealed
     */
    public ReceiptVerdict answer(DeliveryId delivery, Answer answer, byte[] body) {
        var now = clock.instant();
        var recorded =
                database.inTransaction(
                        handle ->
                                DeliverySql.findToAnswer(handle, delivery).stream()
                                        .map(
                                                found ->
                                                        new Incoming(
                                                                delivery,
                                                                found.request(),
                                                                found.system(),
                                                                answer,
                                                                Basis.SIGNED,
                                                                answers.posted(delivery, body)))
                                        .flatMap(
                                                incoming ->
                                                        Answers.record(
                                                                handle, List.of(incoming), now)
                                                                .stream())
                                        .findFirst());
        recorded.ifPresent(answers::tell);
        return recorded.map(Answers.Recorded::verdict).orElse(ReceiptVerdict.UNKNOWN);
    }

    /** Which client system a delivery is for; empty if there is no such delivery. */
    public Optional<ClientSystemId> systemOf(DeliveryId delivery) {
        return database.withHandle(handle -> DeliverySql.system(handle, delivery));
    }

    /** Begins the counters of these systems at 0; again does nothing. */
    public void begin(Collection<ClientSystemId> systems) {
        answers.begin(systems);
    }
}
