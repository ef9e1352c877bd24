package net.cartback.deletion.reading;

import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What is not closed yet. */
public final class Backlogs {

    private final Database database;
    private final InstantSource clock;

    public Backlogs(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /** What is not closed yet, by system. */
    public List<Backlog> bySystem() {
        var now = clock.instant();
        return database.withHandle(handle -> BacklogSql.bySystem(handle, null, now));
    }

    /** What of one system is not closed yet; empty if it is not registered. */
    public Optional<Backlog> of(ClientSystemId system) {
        var now = clock.instant();
        return database.withHandle(handle -> BacklogSql.bySystem(handle, system, now)).stream()
                .findFirst();
    }

    /** How long the oldest open request has been open; zero if none is. */
    public Duration ageOfOldestOpenRequest() {
        var now = clock.instant();
        return database.withHandle(BacklogSql::oldestOpen)
                .map(received -> Duration.between(received, now))
                .orElse(Duration.ZERO);
    }
}
