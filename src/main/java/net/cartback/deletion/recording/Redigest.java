package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.PersonUnreadable;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Recomputes the digests that identify repeats, under the index key in force. Walks the requests by
 * their ids, a page in each transaction, while relays run. After an interruption, a second run
 * skips the finished requests.
 */
public final class Redigest {

    private static final String ROWS =
            """
            SELECT id, kind, app_id, id_type, subject_sealed, repeat_digest,
                   CASE WHEN dated THEN COALESCE(issued_at, requested_at) END
                       AS issued_at
              FROM deletion_request
             WHERE id > :after
             ORDER BY id
             LIMIT :limit
            """;

    private static final String UPDATE =
            """
            UPDATE deletion_request
               SET repeat_digest = :new
             WHERE id = :id
               AND repeat_digest = :old
               AND NOT EXISTS (SELECT 1 FROM deletion_request
                                WHERE repeat_digest = :new)
            """;

    private static final int PAGE = 1_000;

    private final Database database;
    private final Keyring keyring;
    private final SubjectSeal subjects;

    public Redigest(Database database, Keyring keyring) {
        this.database = database;
        this.keyring = keyring;
        this.subjects = new SubjectSeal(keyring);
    }

    /**
     * How far it is.
     *
     * @param rows that were looked at
     * @param changed of those
     * @param left of those, under an older key, because it is not known any more what was digested,
     *     or cannot be opened
     */
    public record Progress(long rows, long changed, long left) {

        private Progress plus(Progress other) {
            return new Progress(rows + other.rows, changed + other.changed, left + other.left);
        }
    }

    private record Row(
            UUID id,
            Kind kind,
            MetaAppId app,
            @Nullable IdType idType,
            byte @Nullable [] subjectSealed,
            @Nullable Instant issuedAt,
            byte @Nullable [] digest) {}

    private record Page(Progress progress, @Nullable UUID last) {}

    /**
     * Goes through all of them.
     *
     * @param told after each page
     */
    public Progress run(Consumer<Progress> told) {
        var progress = new Progress(0, 0, 0);
        var after = new UUID(0, 0);
        while (true) {
            var from = after;
            var page = database.inTransaction(handle -> page(handle, from));
            progress = progress.plus(page.progress());
            told.accept(progress);
            if (page.last() == null) {
                return progress;
            }
            after = page.last();
        }
    }

    private Page page(Handle handle, UUID after) {
        var rows = rows(handle, after);
        long changed = 0;
        long left = 0;
        for (var row : rows) {
            var sealed = row.subjectSealed();
            if (sealed == null || row.digest() == null) {
                continue;
            }
            Subject subject;
            try {
                subject = subjects.open(new RequestId(row.id()), row.idType(), sealed);
            } catch (SealBroken | PersonUnreadable e) {
                left++;
                continue;
            }
            var digest = RepeatDigest.of(keyring, row.kind(), row.app(), subject, row.issuedAt());
            if (Arrays.equals(digest.current(), row.digest())) {
                continue;
            }
            if (digest.oldestFirst().stream()
                    .noneMatch(each -> Arrays.equals(each, row.digest()))) {
                left++;
            } else {
                changed += update(handle, row, digest.current());
            }
        }
        return new Page(
                new Progress(rows.size(), changed, left),
                rows.size() < PAGE ? null : rows.getLast().id());
    }

    /**
     * All requests of a page, also erased ones: a search for requests that are not erased could
     * read most of the table in one statement. For requests from before issued_at was stored,
     * requested_at stands in for it, which is right as a rule.
     */
    private static List<Row> rows(Handle handle, UUID after) {
        return handle.createQuery(ROWS)
                .bind("after", after)
                .bind("limit", PAGE)
                .map(
                        (row, context) ->
                                new Row(
                                        row.getObject("id", UUID.class),
                                        WireName.named(Kind.class, row.getString("kind")),
                                        new MetaAppId(row.getString("app_id")),
                                        idType(row),
                                        row.getBytes("subject_sealed"),
                                        Columns.instant(row, "issued_at"),
                                        row.getBytes("repeat_digest")))
                .list();
    }

    private static @Nullable IdType idType(ResultSet row) throws SQLException {
        var type = row.getString("id_type");
        return type == null ? null : WireName.named(IdType.class, type);
    }

    /** Whoever has changed or closed it in between has the last word. */
    private static int update(Handle handle, Row row, byte[] digest) {
        return handle.createUpdate(UPDATE)
                .bind("id", row.id())
                .bind("old", row.digest())
                .bind("new", digest)
                .execute();
    }
}
