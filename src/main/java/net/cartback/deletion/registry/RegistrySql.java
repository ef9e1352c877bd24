package net.cartback.deletion.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Place;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.crypto.WebhookSecret;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** All SQL on the registry's tables. Each method is one statement, or one list replaced. */
final class RegistrySql {

    /** Serialises whoever applies a registry; any number will do that nothing else here uses. */
    private static final long APPLY_LOCK = 0x72656769_73747279L;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Sealer sealer;

    RegistrySql(Sealer sealer) {
        this.sealer = sealer;
    }

    /** A stored secret: an app's ({@code app_secret}) or a system's ({@code system_secret}). */
    record StoredSecret(
            UUID id,
            String owner,
            @Nullable String label,
            String value,
            @Nullable Instant notAfter) {}

    /** The two tables of secrets have one form and differ in name and owner only. */
    enum SecretTable {
        APP("app_secret", "app_id"),
        SYSTEM("system_secret", "system_id");

        private final String table;
        private final String owner;

        SecretTable(String table, String owner) {
            this.table = table;
            this.owner = owner;
        }
    }

    void lockAgainstOtherAppliers(Handle handle) {
        handle.createQuery("SELECT pg_advisory_xact_lock(:lock)::text")
                .bind("lock", APPLY_LOCK)
                .mapTo(String.class)
                .one();
    }

    /** Whether this fingerprint was new. */
    boolean rememberApplied(Handle handle, byte[] fingerprint, Instant now) {
        return handle.createUpdate(
                                """
                                INSERT INTO applied_registry (fingerprint, applied_at)
                                VALUES (:fingerprint, :now)
                                ON CONFLICT (fingerprint) DO NOTHING
                                """)
                        .bind("fingerprint", fingerprint)
                        .bind("now", now)
                        .execute()
                == 1;
    }

    List<String> ids(Handle handle, String table) {
        return handle.createQuery("SELECT id FROM <table>")
                .define("table", table)
                .mapTo(String.class)
                .list();
    }

    void upsertApp(Handle handle, RegistryFile.App app) {
        handle.createUpdate(
                        """
                        INSERT INTO meta_app AS a (id, name, platform, state)
                        VALUES (:id, COALESCE(:name, ''), COALESCE(:platform, 'facebook'),
                                COALESCE(:state, 'live'))
                        ON CONFLICT (id) DO UPDATE
                           SET name = COALESCE(:name, a.name),
                               platform = COALESCE(:platform, a.platform),
                               state = COALESCE(:state, a.state)
                        """)
                .bind("id", app.id().value())
                .bind("name", app.name())
                .bind("platform", app.platform() == null ? null : app.platform().wireName())
                .bind("state", app.state())
                .execute();
    }

    void upsertSystem(Handle handle, RegistryFile.Client system) {
        handle.createUpdate(
                        """
                        INSERT INTO client_system AS c
                               (id, name, public_name, url, events, ack_means, answers,
                                max_in_flight, rate_per_minute, timeout_ms, receipt_within_s)
                        VALUES (:id, COALESCE(:name, ''),
                                COALESCE(:public_name, 'Connected system'), COALESCE(:url, ''),
                                COALESCE(:events, ARRAY['deletion']),
                                COALESCE(:ack_means, 'accepted'),
                                COALESCE(CAST(:answers AS jsonb), '{}'),
                                COALESCE(:max_in_flight, 16), COALESCE(:rate, 600),
                                COALESCE(:timeout_ms, 15000), COALESCE(:within_s, 604800))
                        ON CONFLICT (id) DO UPDATE
                           SET name = COALESCE(:name, c.name),
                               public_name = COALESCE(:public_name, c.public_name),
                               url = COALESCE(:url, c.url),
                               events = COALESCE(:events, c.events),
                               ack_means = COALESCE(:ack_means, c.ack_means),
                               answers = COALESCE(CAST(:answers AS jsonb), c.answers),
                               max_in_flight = COALESCE(:max_in_flight, c.max_in_flight),
                               rate_per_minute = COALESCE(:rate, c.rate_per_minute),
                               timeout_ms = COALESCE(:timeout_ms, c.timeout_ms),
                               receipt_within_s = COALESCE(:within_s, c.receipt_within_s)
                        """)
                .bind("id", system.id().value())
                .bind("name", system.name())
                .bind("public_name", system.publicName())
                .bind("url", system.url() == null ? null : system.url().toString())
                .bindArray(
                        "events",
                        String.class,
                        system.events() == null ? null : system.events().toArray())
                .bind("ack_means", system.ackMeans() == null ? null : system.ackMeans().wireName())
                .bind("answers", system.answers() == null ? null : write(system.answers()))
                .bind("max_in_flight", system.maxInFlight())
                .bind("rate", system.ratePerMinute())
                .bind(
                        "timeout_ms",
                        system.timeout() == null ? null : (int) system.timeout().toMillis())
                .bind(
                        "within_s",
                        system.receiptWithin() == null ? null : system.receiptWithin().toSeconds())
                .execute();
    }

    void replaceSubscriptions(Handle handle, MetaAppId app, List<ClientSystemId> systems) {
        var ids = systems.stream().map(ClientSystemId::value).toArray(String[]::new);
        handle.createUpdate(
                        """
                        DELETE FROM subscription
                         WHERE app_id = :app AND system_id <> ALL (:systems)
                        """)
                .bind("app", app.value())
                .bindArray("systems", String.class, (Object[]) ids)
                .execute();
        handle.createUpdate(
                        """
                        INSERT INTO subscription (app_id, system_id)
                        SELECT :app, s FROM unnest(:systems) AS s
                        ON CONFLICT DO NOTHING
                        """)
                .bind("app", app.value())
                .bindArray("systems", String.class, (Object[]) ids)
                .execute();
    }

    List<MetaAppId> appsServedBy(Handle handle, List<ClientSystemId> systems) {
        return handle.createQuery(
                        """
                        SELECT DISTINCT app_id FROM subscription WHERE system_id = ANY (:systems)
                        """)
                .bindArray(
                        "systems",
                        String.class,
                        systems.stream().map(ClientSystemId::value).toArray())
                .map((row, context) -> new MetaAppId(row.getString("app_id")))
                .list();
    }

    /** A secret that stays keeps its id, by which requests say which one matched. */
    void replaceSecrets(
            Handle handle, SecretTable table, String owner, List<RegistryFile.Secret> secrets) {
        var stored =
                secrets(handle, table).stream().filter(each -> each.owner().equals(owner)).toList();
        var values = secrets.stream().map(RegistryFile.Secret::value).toList();
        for (var each : stored) {
            if (!values.contains(each.value())) {
                handle.createUpdate("DELETE FROM <table> WHERE id = :id")
                        .define("table", table.table)
                        .bind("id", each.id())
                        .execute();
            }
        }
        for (int position = 0; position < secrets.size(); position++) {
            var secret = secrets.get(position);
            var id =
                    stored.stream()
                            .filter(each -> each.value().equals(secret.value()))
                            .map(StoredSecret::id)
                            .findFirst()
                            .orElseGet(UUID::randomUUID);
            handle.createUpdate(
                            """
                            INSERT INTO <table> (id, <owner>, position, label, value_sealed, not_after)
                            VALUES (:id, :owner, :position, :label, :sealed, :not_after)
                            ON CONFLICT (id) DO UPDATE
                               SET position = :position, label = :label, not_after = :not_after
                            """)
                    .define("table", table.table)
                    .define("owner", table.owner)
                    .bind("id", id)
                    .bind("owner", owner)
                    .bind("position", position)
                    .bind("label", secret.label())
                    .bind("sealed", sealer.seal(place(table, id), secret.value()))
                    .bind("not_after", secret.notAfter())
                    .execute();
        }
    }

    List<StoredSecret> secrets(Handle handle, SecretTable table) {
        return handle.createQuery(
                        """
                        SELECT id, <owner> AS owner, label, value_sealed, not_after
                          FROM <table>
                         ORDER BY <owner>, position
                        """)
                .define("table", table.table)
                .define("owner", table.owner)
                .map(
                        (row, context) -> {
                            var id = row.getObject("id", UUID.class);
                            return new StoredSecret(
                                    id,
                                    row.getString("owner"),
                                    row.getString("label"),
                                    sealer.open(place(table, id), row.getBytes("value_sealed")),
                                    instant(row, "not_after"));
                        })
                .list();
    }

    List<MetaApp> apps(Handle handle, Map<String, List<StoredSecret>> secrets) {
        return handle.createQuery("SELECT id, name, platform FROM meta_app")
                .map(
                        (row, context) ->
                                new MetaApp(
                                        new MetaAppId(row.getString("id")),
                                        row.getString("name"),
                                        Platform.named(row.getString("platform")).orElseThrow(),
                                        secrets
                                                .getOrDefault(row.getString("id"), List.of())
                                                .stream()
                                                .map(
                                                        each ->
                                                                new AppSecret(
                                                                        each.id(),
                                                                        each.label(),
                                                                        each.value(),
                                                                        each.notAfter()))
                                                .toList()))
                .list();
    }

    List<ClientSystem> systems(Handle handle, Map<String, List<StoredSecret>> secrets) {
        return handle.createQuery(
                        """
                        SELECT id, public_name, url, ack_means, answers::text AS answers,
                               max_in_flight, timeout_ms, receipt_within_s
                          FROM client_system
                        """)
                .map(
                        (row, context) ->
                                new ClientSystem(
                                        new ClientSystemId(row.getString("id")),
                                        row.getString("public_name"),
                                        URI.create(row.getString("url")),
                                        secrets
                                                .getOrDefault(row.getString("id"), List.of())
                                                .stream()
                                                .map(
                                                        each ->
                                                                new ClientSystem.Secret(
                                                                        WebhookSecret.parse(
                                                                                each.value()),
                                                                        each.notAfter()))
                                                .toList(),
                                        row.getString("ack_means").equals("deleted")
                                                ? AckMeans.DELETED
                                                : AckMeans.ACCEPTED,
                                        read(row.getString("answers")),
                                        row.getInt("max_in_flight"),
                                        Duration.ofMillis(row.getInt("timeout_ms")),
                                        Duration.ofSeconds(row.getLong("receipt_within_s"))))
                .list();
    }

    private static Place place(SecretTable table, UUID id) {
        return new Place(table.table, "value_sealed", id.toString());
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var timestamp = row.getTimestamp(column);
        return timestamp == null ? null : timestamp.toInstant();
    }

    private static String write(Map<Integer, String> answers) {
        try {
            return JSON.writeValueAsString(answers);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A map of numbers to text has no JSON form", e);
        }
    }

    private static Map<Integer, String> read(String answers) {
        try {
            return JSON.readValue(answers, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("client_system.answers holds no map of statuses", e);
        }
    }
}
