package net.cartback.deletion.attention;

import net.cartback.deletion.storage.Database;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;

/**
 * Everything that needs an operator now: one row for each cause, and for each app or system that it
 * concerns.
 */
public final class Attentions {

    private final Database database;
    private final InstantSource clock;
    private final List<Watch> others;

    /**
     * @param others what is known elsewhere than in the ledger
     */
    public Attentions(Database database, InstantSource clock, List<Watch> others) {
        this.database = database;
        this.clock = clock;
        this.others = List.copyOf(others);
    }

    /** That no relay runs; not for a relay itself to ask. */
    public static List<Attention> noRelay(Database database, Instant now) {
        return database.withHandle(handle -> AttentionSql.noRelay(handle, now));
    }

    /** What is worst comes first. */
    public List<Attention> all() {
        var now = clock.instant();
        var found =
                database.withHandle(
                        handle ->
                                Stream.of(
                                                AttentionSql.requests(handle, now),
                                                CaseAttentionSql.unacknowledged(handle, now),
                                                CaseAttentionSql.mailFailed(handle, now),
                                                AttentionSql.contradicted(handle),
                                                AttentionSql.parked(handle),
                                                AttentionSql.held(handle),
                                                AttentionSql.inDoubt(handle),
                                                AttentionSql.silent(handle),
                                                AttentionSql.appsWithoutSystems(handle),
                                                AttentionSql.nobodyAsked(handle),
                                                AttentionSql.endingSecrets(handle, now),
                                                AttentionSql.endingAuthorities(handle, now),
                                                AttentionSql.lateSweeps(handle, now),
                                                AttentionSql.lostReplicas(handle, now))
                                        .flatMap(List::stream)
                                        .toList());
        return Stream.concat(found.stream(), others.stream().flatMap(each -> each.look().stream()))
                .sorted((one, other) -> one.cause().compareTo(other.cause()))
                .toList();
    }
}
