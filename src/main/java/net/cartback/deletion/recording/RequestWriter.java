package net.cartback.deletion.recording;

import static java.util.stream.Collectors.toMap;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Records requests in the ledger: sealed, digested, and each request once. Safe beside other
 * replicas.
 */
public final class RequestWriter {

    /** A repeat without issued_at whose request closes between two statements is simply new. */
    private static final int MAX_TRIES = 5;

    private static final Logger log = LoggerFactory.getLogger(RequestWriter.class);

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final BooleanSupplier inStep;
    private final SubjectSeal subjects;

    /**
     * @param random makes confirmation codes: it must be cryptographically strong
     * @param inStep whether the keys that are loaded here are those that the other replicas use
     */
    public RequestWriter(
            Database database,
            Keyring keyring,
            InstantSource clock,
            RandomGenerator random,
            BooleanSupplier inStep) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.random = random;
        this.inStep = inStep;
        this.subjects = new SubjectSeal(keyring);
    }

    /**
     * Records a request together with a delivery for each system of its app. A repeat of the same
     * request, from any thread or replica, gets the code of the first.
     */
    public RecordedRequest record(NewRequest request) {
        return record(List.of(prepare(request))).getFirst();
    }

    private void requireInStep() {
        if (!inStep.getAsBoolean()) {
            throw new OutOfStep();
        }
    }

    /**
     * Seals and digests what is to be recorded, and gives it a code. Touches no database.
     *
     * @throws OutOfStep if it might be digested under a key that the others do not use any more
     */
    PreparedRequest prepare(NewRequest request) {
        requireInStep();
        var now = clock.instant();
        var id = RequestId.at(now, random);
        var kind = request.kind();
        var code = kind.isAnswered() ? ConfirmationCode.random(random) : null;
        var issuedAt = request.origin().issuedAt();
        var reached = request.origin().reached();
        var received = reached == null ? now : reached;
        return new PreparedRequest(
                request,
                id,
                code,
                subjects.seal(id, request.subject()),
                RepeatDigest.of(
                        keyring,
                        kind,
                        request.origin().app(),
                        request.subject(),
                        request.origin().issuedAt()),
                code == null ? null : code.digest(),
                code == null
                        ? null
                        : keyring.sealer().seal(SealedColumns.CODE.at(id), code.value()),
                // Nobody can have asked after we heard of it, whatever a clock says.
                issuedAt == null || issuedAt.isAfter(now) ? received : issuedAt,
                received,
                now,
                kind.dueAt(received));
    }

    /**
     * Records all of these requests in one statement and one commit. After a lost connection, a
     * second call shows whether the first was committed: requests that are already recorded are
     * found as repeats.
     *
     * @return what became of each, in their order
     */
    List<RecordedRequest> record(List<PreparedRequest> requests) {
        // The process may have stood still since they were prepared.
        requireInStep();
        boolean keysChange = requests.stream().anyMatch(each -> each.repeat().hasOthers());
        var writer =
                keysChange
                        ? database.inTransaction(handle -> recordUnderOthers(handle, requests))
                        : database.withHandle(handle -> recordOrFind(handle, requests, Map.of()));
        return requests.stream().map(each -> told(each, writer.get(each.id()))).toList();
    }

    /**
     * Records requests in the name of an actor other than Meta.
     *
     * @return the result of each request, in their order
     */
    List<RecordedRequest> record(List<PreparedRequest> requests, Actor actor) {
        requireInStep();
        var writer = database.inTransaction(actor, handle -> recordUnderOthers(handle, requests));
        return requests.stream().map(each -> told(each, writer.get(each.id()))).toList();
    }

    /**
     * Records requests in a transaction that does more.
     *
     * @return what became of each, in their order, once the transaction is committed
     */
    public List<RecordedRequest> record(Handle handle, List<NewRequest> requests) {
        var prepared = requests.stream().map(this::prepare).toList();
        var recorded = recordUnderOthers(handle, prepared);
        return prepared.stream()
                .map(each -> Objects.requireNonNull(recorded.get(each.id())))
                .toList();
    }

    /**
     * An open request had come by then already: it is due from then on, unless it was extended.
     * What is to be deleted does not become less: that is what was held when it was asked for last.
     */
    public static void receivedEarlier(
            Handle handle, RequestId request, Kind kind, Instant received) {
        RecordingSql.receivedEarlier(handle, request, received, kind.dueAt(received));
    }

    /** While index keys change, what was recorded under another one is looked for first. */
    private Map<RequestId, RecordedRequest> recordUnderOthers(
            Handle handle, List<PreparedRequest> requests) {
        RecordingSql.lockWishes(handle, requests);
        return recordOrFind(handle, requests, findRepeated(handle, requests));
    }

    private Map<RequestId, RecordedRequest> recordOrFind(
            Handle handle, List<PreparedRequest> requests, Map<RequestId, RecordedRequest> known) {
        var found = new HashMap<>(known);
        var missing = new LinkedHashSet<>(requests);
        missing.removeIf(each -> found.containsKey(each.id()));
        for (int tries = 0; !missing.isEmpty(); tries++) {
            if (tries == MAX_TRIES) {
                throw new IllegalStateException("A request is neither new nor found");
            }
            found.putAll(recordNew(handle, missing));
            missing.removeIf(each -> found.containsKey(each.id()));
            if (!missing.isEmpty()) {
                // An insert cannot see the row it lost to; a statement after it can.
                found.putAll(findRepeated(handle, missing));
                missing.removeIf(each -> found.containsKey(each.id()));
            }
        }
        return found;
    }

    private static Map<RequestId, RecordedRequest> recordNew(
            Handle handle, Collection<PreparedRequest> requests) {
        var created = RecordingSql.insertWithDeliveries(handle, List.copyOf(requests));
        return requests.stream()
                .filter(each -> created.contains(each.id()))
                .collect(
                        toMap(
                                PreparedRequest::id,
                                each -> new RecordedRequest.Created(each.id(), each.code())));
    }

    private Map<RequestId, RecordedRequest> findRepeated(
            Handle handle, Collection<PreparedRequest> requests) {
        var digests =
                requests.stream().flatMap(each -> each.repeat().oldestFirst().stream()).toList();
        var known = new HashMap<ByteBuffer, RecordedRequest>();
        for (var each : RecordingSql.codesOfRepeats(handle, digests)) {
            known.put(
                    ByteBuffer.wrap(each.repeatDigest()),
                    new RecordedRequest.Repeated(each.id(), code(each)));
        }
        var found = new HashMap<RequestId, RecordedRequest>();
        for (var each : requests) {
            each.repeat().oldestFirst().stream()
                    .map(digest -> known.get(ByteBuffer.wrap(digest)))
                    .filter(Objects::nonNull)
                    .findFirst()
                    .ifPresent(recording -> found.put(each.id(), recording));
        }
        return found;
    }

    private static RecordedRequest told(
            PreparedRequest request, @Nullable RecordedRequest recording) {
        if (recording instanceof RecordedRequest.Created) {
            log.atInfo()
                    .addKeyValue("request_id", request.id())
                    .addKeyValue("app", request.request().origin().app())
                    .log(
                            switch (request.request().kind()) {
                                case DELETION -> "A deletion request is recorded";
                                case PERSON -> "A person's own request is recorded";
                                case DEAUTHORIZATION -> "A notice is recorded";
                            });
        }
        return Objects.requireNonNull(recording);
    }

    private @Nullable ConfirmationCode code(RecordingSql.SealedCode sealed) {
        var code = sealed.code();
        if (code == null) {
            return null;
        }
        return new ConfirmationCode(
                keyring.sealer().open(SealedColumns.CODE.at(sealed.id()), code));
    }
}
