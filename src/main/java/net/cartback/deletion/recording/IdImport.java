package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.reading.RequestListSql;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.RequestId;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Imports the lists of ids that Meta offers every 21 days. The data of each person in a list must
 * be deleted. A callback may have named the person before. An id that a callback has named within
 * that time is a repeat. Every other id is recorded like a callback, with a code and a delivery for
 * each system. An import also recovers callbacks that came while nothing could be recorded.
 *
 * <p>An interrupted import can be run again: the ids that it recorded are then repeats.
 */
public final class IdImport {

    /** How long a list looks back. */
    public static final Duration USUAL_PERIOD = Duration.ofDays(21);

    /** How long before now {@code since} may be. */
    public static final Duration LONGEST_PERIOD = Duration.ofDays(90);

    /** Ids that one list may hold. */
    public static final int MAX_IDS = 1_000_000;

    /** The schema whose replicas say what they know; older ones may not know this. */
    private static final int KINDS_OF_ID = 19;

    private static final Logger log = LoggerFactory.getLogger(IdImport.class);
    private static final int BATCH = 200;

    /** Of a list of so many ids at most, the request of each is told. */
    public static final int SHORT = 100;

    private static final int PAGE = 5_000;

    /** Whoever holds it imports; any number will do that nothing else here uses. */
    private static final long LOCK = 0x6964735f_696d706fL;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final RequestWriter writer;

    public IdImport(Database database, Keyring keyring, InstantSource clock, RequestWriter writer) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.writer = writer;
    }

    /**
     * What became of a list.
     *
     * @param ids how many it holds
     * @param created of those: recorded now, or that would be
     * @param repeated of those: asked for before
     * @param requests of a short list, the request of each id, in the order of the list; of one
     *     longer than {@value #SHORT}, or one that was only counted: none
     */
    public record Result(int ids, int created, int repeated, List<ImportedId> requests) {}

    /**
     * The request of one id.
     *
     * @param created whether it was recorded now
     */
    public record ImportedId(RequestId request, boolean created) {}

    /** Whether a list may look back to then. */
    public boolean mayLookBackTo(Instant since) {
        var now = clock.instant();
        return !since.isAfter(now) && !since.isBefore(now.minus(LONGEST_PERIOD));
    }

    /**
     * Records the new ids of a list. Only one list is imported at a time across all replicas,
     * because two imports that name the same person would both treat the person as new. A person
     * who asks by a callback during an import may still get a second request.
     *
     * @param since an id is a repeat if it was recorded from then on; see {@link #mayLookBackTo}
     * @param dryRun whether the ids are only counted
     * @return empty if another list is being imported
     */
    public Optional<Result> run(
            MetaApp app, IdType type, IdList list, Instant since, boolean dryRun, Actor actor) {
        if (!mayLookBackTo(since)) {
            throw new IllegalArgumentException("A list looks back for 90 days at most");
        }
        return database.exclusively(LOCK, () -> take(app, type, list, since, dryRun, actor));
    }

    private Result take(
            MetaApp app, IdType type, IdList list, Instant since, boolean dryRun, Actor actor) {
        var known = known(app.id(), type, since, Set.copyOf(list.ids()));
        var missing = list.ids().stream().filter(id -> !known.containsKey(id)).toList();
        int repeated = list.ids().size() - missing.size();
        int created = 0;
        var requests = new HashMap<String, ImportedId>();
        known.forEach((id, request) -> requests.put(id, new ImportedId(request, false)));
        if (dryRun) {
            return new Result(list.ids().size(), missing.size(), repeated, List.of());
        }
        if (type != IdType.APP_SCOPED_USER_ID) {
            database.useTransaction(
                    handle -> {
                        KeyRegister.requireAllKnow(KINDS_OF_ID, handle, clock.instant());
                    });
        }
        var platform = type == IdType.PAGE_SCOPED_USER_ID ? Platform.MESSENGER : app.platform();
        var origin = new Origin.IdList(app.id(), platform);
        for (int i = 0; i < missing.size(); i += BATCH) {
            var ids = missing.subList(i, Math.min(i + BATCH, missing.size()));
            var batch =
                    ids.stream()
                            .map(
                                    id ->
                                            writer.prepare(
                                                    new NewRequest(
                                                            Kind.DELETION,
                                                            origin,
                                                            new MetaUser(id, type))))
                            .toList();
            var recorded = writer.record(batch, actor);
            for (int k = 0; k < recorded.size(); k++) {
                boolean isNew = recorded.get(k) instanceof RecordedRequest.Created;
                requests.put(ids.get(k), new ImportedId(recorded.get(k).request(), isNew));
                if (isNew) {
                    created++;
                } else {
                    repeated++;
                }
            }
        }
        log.atInfo()
                .addKeyValue("app", app.id())
                .addKeyValue("created", created)
                .addKeyValue("repeated", repeated)
                .log("A list of ids is recorded");
        return new Result(
                list.ids().size(),
                created,
                repeated,
                list.ids().size() > SHORT
                        ? List.of()
                        : list.ids().stream()
                                .map(id -> Objects.requireNonNull(requests.get(id)))
                                .toList());
    }

    private interface Page {
        RequestListSql.SubjectPage after(Handle handle, UUID last);
    }

    /**
     * The ids of these that are repeats, with their requests: ids asked for since then whose
     * request still names the person, and ids asked for at any time whose request is open or under
     * a legal hold.
     */
    private Map<String, RequestId> known(
            MetaAppId app, IdType type, Instant since, Set<String> ids) {
        var known = new HashMap<String, RequestId>();
        read(
                RequestListSql.first(since),
                (handle, last) -> RequestListSql.subjects(handle, app, type, last, PAGE),
                ids,
                known);
        var first = new UUID(0, 0);
        read(
                first,
                (handle, last) -> RequestListSql.openSubjects(handle, app, type, last, PAGE),
                ids,
                known);
        read(
                first,
                (handle, last) -> RequestListSql.heldSubjects(handle, app, type, last, PAGE),
                ids,
                known);
        return known;
    }

    private void read(UUID first, Page page, Set<String> ids, Map<String, RequestId> known) {
        for (var after = first; after != null; ) {
            var from = after;
            var read = database.withHandle(handle -> page.after(handle, from));
            for (var each : read.subjects()) {
                try {
                    var place = SealedColumns.SUBJECT.at(each.request());
                    var id = keyring.sealer().open(place, each.sealed());
                    if (ids.contains(id)) {
                        known.put(id, each.request());
                    }
                } catch (SealBroken e) {
                    // Whoever it is, deleted twice is better than not at all.
                    log.atWarn()
                            .addKeyValue("request_id", each.request())
                            .log("A person's id cannot be opened: {}", e.getMessage());
                }
            }
            after = read.last();
        }
    }

    /** When a list looks back to, if nobody says. */
    public Instant usualSince() {
        return clock.instant().minus(USUAL_PERIOD);
    }
}
