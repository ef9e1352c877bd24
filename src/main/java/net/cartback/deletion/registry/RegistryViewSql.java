package net.cartback.deletion.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;

import org.jdbi.v3.core.Handle;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** SQL that reads back what is registered. Opens nothing that is sealed. */
final class RegistryViewSql {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String SECRETS =
            """
            COALESCE((SELECT jsonb_agg(jsonb_build_object(
                                 'id', s.id, 'label', s.label,
                                 'not_after', to_char(s.not_after AT TIME ZONE 'UTC',
                                                      'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
                             ORDER BY s.position)
                        FROM %s_secret s
                       WHERE s.%s_id = e.id), '[]')::text AS secrets
            """;

    private static final String APPS =
            "SELECT e.id, e.name, e.names::text AS names, e.platform, e.state, '\\x'::bytea AS"
                    + " hidden,"
                    + SECRETS.formatted("app", "app")
                    + """
                    , COALESCE((SELECT jsonb_agg(s.system_id ORDER BY s.system_id)
                                  FROM subscription s
                                 WHERE s.app_id = e.id), '[]')::text AS systems
                      FROM meta_app e
                    """;

    private static final String SYSTEMS =
            """
            SELECT e.id, e.name, e.public_name, e.public_names::text AS public_names,
                   e.state, e.url, COALESCE(e.query_sealed, '\\x') AS hidden,
                   to_jsonb(e.events)::text AS events,
                   to_jsonb(e.accepts)::text AS accepts, e.ack_means, e.answers::text AS answers,
                   e.answers_header,
                   e.max_in_flight, e.rate_per_minute, e.timeout_ms, e.receipt_within_s, e.tls,
                   e.ca,
            """
                    + SECRETS.formatted("system", "system")
                    + " FROM client_system e ";

    private RegistryViewSql() {}

    /**
     * Entries with higher ids than this one, in the order of their ids.
     *
     * @param retired whether those that are retired, or all others
     */
    static List<Entry> page(Handle handle, Kind kind, boolean retired, String after, int atMost) {
        return handle.createQuery(
                        select(kind)
                                + "WHERE e.id > :after AND (e.state = 'retired') = :retired"
                                + " ORDER BY e.id LIMIT :at_most")
                .bind("after", after)
                .bind("retired", retired)
                .bind("at_most", atMost)
                .map((row, context) -> entry(kind, row))
                .list();
    }

    /** All that is registered, by its id, in the order of the ids. */
    static Map<Kind, Map<String, Entry>> all(Handle handle) {
        var all = new EnumMap<Kind, Map<String, Entry>>(Kind.class);
        for (var kind : Kind.values()) {
            all.put(kind, all(handle, kind));
        }
        return all;
    }

    /** All entries by their ids, in their order. */
    private static Map<String, Entry> all(Handle handle, Kind kind) {
        var entries = new LinkedHashMap<String, Entry>();
        handle.createQuery(select(kind) + "ORDER BY e.id")
                .map((row, context) -> entry(kind, row))
                .forEach(each -> entries.put(each.json().get("id").textValue(), each));
        return entries;
    }

    static Optional<Entry> find(Handle handle, Kind kind, String id) {
        return handle.createQuery(select(kind) + "WHERE e.id = :id")
                .bind("id", id)
                .map((row, context) -> entry(kind, row))
                .findOne();
    }

    private static String select(Kind kind) {
        return kind == Kind.APP ? APPS : SYSTEMS;
    }

    private static Entry entry(Kind kind, ResultSet row) throws SQLException {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("id", row.getString("id")).put("name", row.getString("name"));
        if (kind == Kind.APP) {
            putJson(json, "names", row);
            json.put("platform", row.getString("platform")).put("state", row.getString("state"));
            putJson(json, "systems", row);
        } else {
            putSystem(json, row);
        }
        putJson(json, "secrets", row);
        return Entry.of(json, row.getBytes("hidden"));
    }

    private static void putSystem(ObjectNode json, ResultSet row) throws SQLException {
        json.put("public_name", row.getString("public_name"));
        putJson(json, "public_names", row);
        json.put("state", row.getString("state"))
                .put("url", row.getString("url"))
                .put("url_has_query", row.getBytes("hidden").length > 0);
        putJson(json, "events", row);
        putJson(json, "accepts", row);
        json.put("ack_means", row.getString("ack_means"));
        putJson(json, "answers", row);
        json.put("answers_header", row.getString("answers_header"));
        json.put("max_in_flight", row.getInt("max_in_flight"))
                .put("rate_per_minute", row.getInt("rate_per_minute"))
                .put("timeout", Duration.ofMillis(row.getInt("timeout_ms")).toString())
                .put(
                        "receipt_within",
                        Duration.ofSeconds(row.getLong("receipt_within_s")).toString())
                .put("tls", row.getString("tls"))
                .put("ca", row.getString("ca") == null ? "public" : row.getString("ca"));
    }

    private static void putJson(ObjectNode json, String column, ResultSet row) throws SQLException {
        try {
            json.set(column, JSON.readTree(row.getString(column)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("The database gave no JSON for " + column, e);
        }
    }
}
