package net.cartback.deletion.registry;

import static java.util.stream.Collectors.toSet;

import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Which client system hears of what, and for which apps. */
final class Hearing {

    private static final String REMOVE_SUBSCRIPTIONS =
            """
            DELETE FROM subscription
             WHERE app_id = :app AND system_id <> ALL (:systems)
            """;

    private static final String ADD_SUBSCRIPTIONS =
            """
            INSERT INTO subscription (app_id, system_id)
            SELECT :app, s FROM unnest(CAST(:systems AS text[])) AS s
            ON CONFLICT DO NOTHING
            RETURNING app_id, system_id
            """;

    private static final String HEARD =
            """
            SELECT c.id, e.name || CASE WHEN e.name = 'person' THEN c.accepts::text ELSE '' END
                       AS what
              FROM client_system c
             CROSS JOIN LATERAL unnest(c.events) AS e (name)
             WHERE c.state = 'live' AND e.name <> 'deauthorization'
            """;

    private static final String BLIND =
            """
            SELECT id FROM client_system WHERE 'person' = ANY (events) AND NOT accepts && :verifiable
            """;

    private static final String SUBSCRIPTIONS =
            """
            SELECT app_id, system_id FROM subscription WHERE system_id = ANY (:systems)
            """;

    private Hearing() {}

    /** Makes these the app's systems; returns those that it did not have before. */
    static List<Subscription> replace(Handle handle, MetaAppId app, List<ClientSystemId> systems) {
        var ids = systems.stream().map(ClientSystemId::value).toList();
        handle.createUpdate(REMOVE_SUBSCRIPTIONS)
                .bind("app", app.value())
                .bind("systems", Columns.texts(ids))
                .execute();
        return handle.createQuery(ADD_SUBSCRIPTIONS)
                .bind("app", app.value())
                .bind("systems", Columns.texts(ids))
                .map(Hearing::subscription)
                .list();
    }

    /** What each system hears of that it must answer. */
    static Set<Map.Entry<String, String>> now(Handle handle) {
        return handle.createQuery(HEARD)
                .map((row, context) -> Map.entry(row.getString("id"), row.getString("what")))
                .set();
    }

    /** The subscriptions of systems that hear of something that they did not hear of before. */
    static List<Subscription> more(Handle handle, Set<Map.Entry<String, String>> before) {
        var systems =
                now(handle).stream()
                        .filter(each -> !before.contains(each))
                        .map(Map.Entry::getKey)
                        .collect(toSet());
        return handle.createQuery(SUBSCRIPTIONS)
                .bind("systems", Columns.texts(systems))
                .map(Hearing::subscription)
                .list();
    }

    /** Who hears of people has to say by what it finds them. */
    static void requireFindable(Handle handle, RegistryFile file) {
        var verifiable = Stream.of(IdentifierType.values()).filter(IdentifierType::isVerifiable);
        var blind =
                handle.createQuery(BLIND)
                        .bind("verifiable", Columns.words(verifiable.toList()))
                        .mapTo(String.class)
                        .set();
        var faults = new ArrayList<String>();
        for (int i = 0; i < file.systems().size(); i++) {
            if (blind.contains(file.systems().get(i).id().value())) {
                faults.add(
                        "systems["
                                + i
                                + "].accepts: must hold a kind that can be verified, such as"
                                + " email, where events has person");
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidRegistry(faults);
        }
    }

    private static Subscription subscription(ResultSet row, StatementContext context)
            throws SQLException {
        return Subscription.of(row.getString("app_id"), row.getString("system_id"));
    }
}
