package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.reading.RequestListSql;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.Subject;

import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Takes the lists of ids that Meta offers every 21 days: whoever is in one shall be deleted, and
 * may have been named by a callback before. What a callback has brought within that time is a
 * repeat; the rest is recorded like a callback, with a code and a delivery for each system. It is
 * also how callbacks are recovered that came while nothing could be recorded.
 *
 * <p>Thread-safe. A run that breaks off can be run again: what it recorded is a repeat then. Throws
 * {@link DatabaseUnavailable} while the database is away.
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
    private static final int PAGE = 5_000;

    /** Whoever holds it imports; any number will do that nothing else here uses. */
    private static final long LOCK = 0x6964735f_696d706fL;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Recordings recordings;

    public IdImport(
            Database database, Keyring keyring, InstantSource clock, Recordings recordings) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.recordings = recordings;
    }

    /**
     * What became of a list.
     *
     * @param ids how many it holds
     * @param created of those: recorded now, or that would be
     * @param repeated of those: asked for before
     */
    public record Result(int ids, int created, int repeated) {}

    /** Whether a list may look back to then. */
    public boolean mayLookBackTo(Instant since) {
        var now = clock.instant();
        return !since.isAfter(now) && !since.isBefore(now.minus(LONGEST_PERIOD));
    }

    /**
     * Records what is new in a list. Of all replicas one list is taken at a time, because two that
     * name the same person would both find that nobody has. Who asks by a callback while a list is
     * taken may get a second request all the same.
     *
     * @param since what was recorded from then on is a repeat; see {@link #mayLookBackTo}
     * @param dryRun whether it shall only be counted
     * @return empty if another list is being taken
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
        var missing = list.ids().stream().filter(id -> !known.contains(id)).toList();
        int repeated = list.ids().size() - missing.size();
        int created = 0;
        if (dryRun) {
            return new Result(list.ids().size(), missing.size(), repeated);
        }
        if (type != IdType.APP_SCOPED_USER_ID) {
            database.inTransaction(
                    handle -> {
                        KeyRegister.requireAllKnow(KINDS_OF_ID, handle, clock.instant());
                        return null;
                    });
        }
        var platform = type == IdType.PAGE_SCOPED_USER_ID ? Platform.MESSENGER : app.platform();
        for (int i = 0; i < missing.size(); i += BATCH) {
            var batch =
                    missing.subList(i, Math.min(i + BATCH, missing.size())).stream()
                            .map(
                                    id ->
                                            recordings.prepare(
                                                    new NewRequest(
                                                            Kind.DELETION,
                                                            app.id(),
                                                            platform,
                                                            null,
                                                            new Subject(id, type),
                                                            null)))
                            .toList();
            for (var recording : recordings.record(batch, actor)) {
                if (recording instanceof Recording.Created) {
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
        return new Result(list.ids().size(), created, repeated);
    }

    private interface Page {
        RequestListSql.SubjectPage after(Handle handle, UUID last);
    }

    /**
     * Those of these ids that were asked for since then, as far as it is still known; and those
     * that were asked for at any time, and are being deleted or under a legal hold.
     */
    private Set<String> known(MetaAppId app, IdType type, Instant since, Set<String> ids) {
        var known = new HashSet<String>();
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

    private void read(UUID first, Page page, Set<String> ids, Set<String> known) {
        for (var after = first; after != null; ) {
            var from = after;
            var read = database.withHandle(handle -> page.after(handle, from));
            for (var each : read.subjects()) {
                try {
                    var place = SealedColumns.SUBJECT.at(each.request());
                    var id = keyring.sealer().open(place, each.sealed());
                    if (ids.contains(id)) {
                        known.add(id);
                    }
                } catch (SealBroken e) {
                    // Whoever it is, deleted twice is better than not at all.
                    log.atWarn()
                            .addKeyValue("request_id", each.request())
                            .log("Whose request this is cannot be opened: {}", e.getMessage());
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
