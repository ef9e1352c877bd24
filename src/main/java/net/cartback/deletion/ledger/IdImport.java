package net.cartback.deletion.ledger;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.MetaAppId;
import net.cartback.deletion.registry.Platform;
import net.cartback.deletion.storage.Actor;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

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

    /** Ids that one list may hold. */
    public static final int MAX_IDS = 1_000_000;

    private static final Logger log = LoggerFactory.getLogger(IdImport.class);
    private static final Pattern ID = Pattern.compile("[0-9]{1,32}");
    private static final int BATCH = 200;
    private static final int PAGE = 5_000;

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Ledger ledger;

    public IdImport(Database database, Keyring keyring, InstantSource clock, Ledger ledger) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.ledger = ledger;
    }

    /**
     * A list that was read.
     *
     * @param ids each once, in their order
     * @param wrongLines numbers of lines that hold no id, the first 20 of them
     */
    public record IdList(List<String> ids, List<Integer> wrongLines) {

        private static final int MAX_WRONG = 20;
        private static final String BYTE_ORDER_MARK = "\uFEFF";

        /**
         * Reads one id for each line, or CSV with the id in the first column. A first line without
         * a digit in that column is a header; one with a digit and no id is wrong, like any other.
         * Empty lines and the mark with which some programs begin a file are passed over.
         *
         * @throws IllegalArgumentException if there are more than {@link #MAX_IDS}
         */
        public static IdList read(List<String> lines) {
            var ids = new LinkedHashSet<String>();
            var wrong = new ArrayList<Integer>();
            for (int i = 0; i < lines.size(); i++) {
                var cell = cell(lines.get(i));
                if (ID.matcher(cell).matches() && Subject.isValid(cell)) {
                    ids.add(cell);
                } else if (!cell.isEmpty()
                        && !(i == 0 && isHeader(cell))
                        && wrong.size() < MAX_WRONG) {
                    wrong.add(i + 1);
                }
                if (ids.size() > MAX_IDS) {
                    throw new IllegalArgumentException("A list may hold a million ids");
                }
            }
            return new IdList(List.copyOf(ids), wrong);
        }

        private static boolean isHeader(String cell) {
            return cell.chars().noneMatch(Character::isDigit);
        }

        private static String cell(String line) {
            var text = line.startsWith(BYTE_ORDER_MARK) ? line.substring(1) : line;
            var cell = text.split("[,;\t]", 2)[0].strip();
            return cell.length() > 1 && cell.startsWith("\"") && cell.endsWith("\"")
                    ? cell.substring(1, cell.length() - 1)
                    : cell;
        }

        @Override
        public String toString() {
            return "IdList[" + ids.size() + " ids]";
        }
    }

    /**
     * What became of a list.
     *
     * @param ids how many it holds
     * @param created of those: recorded now, or that would be
     * @param repeated of those: asked for before
     */
    public record Result(int ids, int created, int repeated) {}

    /**
     * Records what is new in a list.
     *
     * @param since what was recorded from then on is a repeat
     * @param dryRun whether it shall only be counted
     */
    public Result run(
            MetaApp app, IdType type, IdList list, Instant since, boolean dryRun, Actor actor) {
        var known = known(app.id(), type, since);
        var missing = list.ids().stream().filter(id -> !known.contains(id)).toList();
        int repeated = list.ids().size() - missing.size();
        int created = 0;
        if (dryRun) {
            return new Result(list.ids().size(), missing.size(), repeated);
        }
        var platform = type == IdType.PAGE_SCOPED_USER_ID ? Platform.MESSENGER : app.platform();
        for (int i = 0; i < missing.size(); i += BATCH) {
            var batch =
                    missing.subList(i, Math.min(i + BATCH, missing.size())).stream()
                            .map(
                                    id ->
                                            ledger.prepare(
                                                    new NewRequest(
                                                            Kind.DELETION,
                                                            app.id(),
                                                            platform,
                                                            null,
                                                            new Subject(id, type),
                                                            null)))
                            .toList();
            for (var recording : ledger.record(batch, actor)) {
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

    /** Whoever of this app was asked for since then, as far as it is still known. */
    private Set<String> known(MetaAppId app, IdType type, Instant since) {
        var known = new HashSet<String>();
        var after = RequestListSql.first(since);
        while (true) {
            UUID from = after;
            var page =
                    database.withHandle(
                            handle -> RequestListSql.subjects(handle, app, type, from, PAGE));
            for (var each : page.subjects()) {
                known.add(
                        keyring.sealer().open(Ledger.subjectPlace(each.request()), each.sealed()));
            }
            if (page.last() == null) {
                return known;
            }
            after = page.last();
        }
    }

    /** When a list looks back to, if nobody says. */
    public Instant usualSince() {
        return clock.instant().minus(USUAL_PERIOD);
    }
}
