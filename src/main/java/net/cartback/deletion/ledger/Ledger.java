package net.cartback.deletion.ledger;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Place;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.ledger.DeliverySql.Schedule;
import net.cartback.deletion.ledger.ReceiptSql.Incoming;
import net.cartback.deletion.ledger.Settlement.Next.AwaitReceipt;
import net.cartback.deletion.ledger.Settlement.Next.Close;
import net.cartback.deletion.ledger.Settlement.Next.Park;
import net.cartback.deletion.ledger.Settlement.Next.Retry;
import net.cartback.deletion.registry.ClientSystemId;
import net.cartback.deletion.registry.MetaAppId;
import net.cartback.deletion.storage.Database;

import org.jdbi.v3.core.Handle;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is true: requests, deliveries, attempts and receipts. Each verb is one transaction, and has
 * happened when it returns.
 *
 * <p>Locks are taken in one order everywhere: systems, deliveries by id, requests by id.
 *
 * <p>Thread-safe, and safe beside other replicas. Throws {@code DatabaseUnavailable} while the
 * database is away.
 */
public final class Ledger {

    /**
     * How much longer than its call a lease lasts: time to start, to sign, to settle. A delivery
     * whose worker died is sent again after this at the latest.
     */
    public static final Duration LEASE_MARGIN = Duration.ofSeconds(15);

    /** A repeat without issued_at whose request closes between two statements is simply new. */
    private static final int MAX_TRIES = 5;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final RandomGenerator random;

    /** The generator makes confirmation codes: it must be cryptographically strong. */
    public Ledger(Database database, Keyring keyring, InstantSource clock, RandomGenerator random) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Records a request together with a delivery for each system of its app. The same wish again,
     * from whatever thread or replica, finds the code of the first.
     */
    public Recording record(NewRequest request) {
        var repeatDigest = repeatDigest(request);
        return database.withHandle(
                handle -> {
                    for (int tries = 0; tries < MAX_TRIES; tries++) {
                        var code = ConfirmationCode.random(random);
                        if (RequestSql.insertWithDeliveries(
                                handle, row(request, repeatDigest, code))) {
                            return new Recording.Created(code);
                        }
                        // The insert cannot see the row it lost to; a statement after it can.
                        var known = RequestSql.codeOfRepeat(handle, repeatDigest);
                        if (known.isPresent()) {
                            return new Recording.Repeated(code(known.get()));
                        }
                    }
                    throw new IllegalStateException(
                            "A request is neither new nor found after " + MAX_TRIES + " tries");
                });
    }

    /**
     * Gives open requests of these apps the deliveries that they lack, inside the transaction that
     * changes the subscriptions: requests that are being inserted at this moment are waited for.
     */
    public void deliverOpenRequests(Handle handle, Set<MetaAppId> apps) {
        if (!apps.isEmpty()) {
            RequestSql.shutOutInserts(handle);
            RequestSql.insertMissingDeliveries(handle, apps, clock.instant());
        }
    }

    /** Claims deliveries that are due, at most so many. Each is ours until its lease ends. */
    public List<ClaimedDelivery> claim(int atMost) {
        var now = clock.instant();
        return database.inTransaction(
                handle -> {
                    var systems = DeliverySql.lockClaimableSystems(handle, now);
                    return systems.isEmpty()
                            ? List.of()
                            : DeliverySql.claim(
                                    handle, systems, atMost, UUID.randomUUID(), now, LEASE_MARGIN);
                });
    }

    /**
     * Whose deletion this is.
     *
     * @throws SealBroken if the id cannot be opened
     */
    public Subject subjectOf(ClaimedDelivery delivery) {
        return new Subject(
                keyring.sealer().open(subjectPlace(delivery.request()), delivery.subjectSealed()));
    }

    /**
     * Records what attempts came to, and what follows, all in one transaction.
     *
     * @return the deliveries that these answers closed
     */
    public Set<DeliveryId> settle(List<Settlement> settlements) {
        var now = clock.instant();
        return database.inTransaction(
                handle -> {
                    DeliverySql.lock(
                            handle,
                            settlements.stream()
                                    .map(each -> each.delivery().id().value())
                                    .toList());
                    DeliverySql.insertAttempts(handle, settlements);
                    var answers = new ArrayList<Incoming>();
                    var schedules = new ArrayList<Schedule>();
                    for (var each : settlements) {
                        var id = each.delivery().id().value();
                        var lease = each.delivery().leaseId();
                        switch (each.next()) {
                            case Close(var answer, var basis) ->
                                    answers.add(
                                            new Incoming(
                                                    id,
                                                    each.delivery().request().value(),
                                                    answer,
                                                    basis));
                            case AwaitReceipt(var by) ->
                                    schedules.add(
                                            new Schedule(id, lease, "awaiting_receipt", by, null));
                            case Retry(var at, var reason) ->
                                    schedules.add(new Schedule(id, lease, "pending", at, reason));
                            case Park(var reason) ->
                                    schedules.add(new Schedule(id, lease, "parked", null, reason));
                        }
                    }
                    if (!schedules.isEmpty()) {
                        DeliverySql.schedule(handle, schedules);
                    }
                    var verdicts = recordAnswers(handle, answers, now);
                    return IntStream.range(0, verdicts.size())
                            .filter(i -> verdicts.get(i) == ReceiptVerdict.RECORDED)
                            .mapToObj(i -> new DeliveryId(answers.get(i).delivery()))
                            .collect(Collectors.toSet());
                });
    }

    /** Records an answer that a client system gave. The first one wins, whoever hears it. */
    public ReceiptVerdict answer(DeliveryId delivery, Answer answer, Basis basis) {
        var now = clock.instant();
        return database.inTransaction(
                handle -> {
                    var locked = DeliverySql.lock(handle, List.of(delivery.value()));
                    if (locked.isEmpty()) {
                        return ReceiptVerdict.UNKNOWN;
                    }
                    var request = locked.getFirst().request();
                    var incoming = new Incoming(delivery.value(), request, answer, basis);
                    return recordAnswers(handle, List.of(incoming), now).getFirst();
                });
    }

    /** Which client system a delivery is for; empty if there is no such delivery. */
    public Optional<ClientSystemId> systemOf(DeliveryId delivery) {
        return database.withHandle(handle -> DeliverySql.systemOf(handle, delivery));
    }

    /** What may be told about the request of this code; empty if there is none. */
    public Optional<RequestStatus> status(ConfirmationCode code) {
        return database.withHandle(handle -> RequestSql.status(handle, code.digest()));
    }

    /** How many deliveries wait or fly, by system; counted to 100 000 and no further. */
    public Map<ClientSystemId, Long> backlog() {
        return database.withHandle(DeliverySql::backlog);
    }

    /** How long the oldest open request has been open; zero if none is. */
    public Duration ageOfOldestOpenRequest() {
        var now = clock.instant();
        return database.withHandle(RequestSql::oldestOpen)
                .map(received -> Duration.between(received, now))
                .orElse(Duration.ZERO);
    }

    /** Verdicts in the order of the answers. The deliveries are locked. */
    private List<ReceiptVerdict> recordAnswers(Handle handle, List<Incoming> answers, Instant now) {
        if (answers.isEmpty()) {
            return List.of();
        }
        // One batch may hold two answers for one delivery; only one of them is the first.
        var unspoken = ReceiptSql.insertFirst(handle, answers, now);
        var closing = new ArrayList<Incoming>();
        var later = new ArrayList<Incoming>();
        for (var each : answers) {
            (unspoken.remove(each.delivery()) ? closing : later).add(each);
        }
        if (!closing.isEmpty()) {
            DeliverySql.close(
                    handle,
                    closing.stream().map(Incoming::delivery).toList(),
                    closing.stream().map(each -> each.answer().outcome()).toList(),
                    now);
            RequestSql.countDown(handle, closing.stream().map(Incoming::request).toList(), now);
        }
        var verdicts = new IdentityHashMap<Incoming, ReceiptVerdict>();
        closing.forEach(each -> verdicts.put(each, ReceiptVerdict.RECORDED));
        if (!later.isEmpty()) {
            var known = ReceiptSql.answers(handle, later.stream().map(Incoming::delivery).toList());
            for (var each : later) {
                if (each.answer().equals(known.get(each.delivery()))) {
                    verdicts.put(each, ReceiptVerdict.REPEATED);
                } else {
                    ReceiptSql.insertContradiction(handle, each, now);
                    verdicts.put(each, ReceiptVerdict.CONTRADICTED);
                }
            }
        }
        return answers.stream().map(verdicts::get).toList();
    }

    private RequestSql.Row row(NewRequest request, byte[] repeatDigest, ConfirmationCode code) {
        var now = clock.instant();
        var id = RequestId.at(now, random);
        var issuedAt = request.issuedAt();
        return new RequestSql.Row(
                id,
                request,
                keyring.sealer().seal(subjectPlace(id), request.subject().id()),
                repeatDigest,
                code.digest(),
                keyring.sealer().seal(codePlace(id), code.value()),
                // Nobody can have asked after we heard of it, whatever a clock says.
                issuedAt == null || issuedAt.isAfter(now) ? now : issuedAt,
                now,
                DueDate.of(now));
    }

    private byte[] repeatDigest(NewRequest request) {
        var issuedAt = request.issuedAt();
        return keyring.digest(
                "deletion",
                request.app().value(),
                request.subject().id(),
                issuedAt == null ? "" : Long.toString(issuedAt.getEpochSecond()));
    }

    private ConfirmationCode code(RequestSql.SealedCode sealed) {
        return new ConfirmationCode(keyring.sealer().open(codePlace(sealed.id()), sealed.code()));
    }

    private static Place subjectPlace(RequestId id) {
        return new Place("deletion_request", "subject_sealed", id.toString());
    }

    private static Place codePlace(RequestId id) {
        return new Place("deletion_request", "code_sealed", id.toString());
    }
}
