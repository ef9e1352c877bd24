package net.cartback.deletion.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.IndexDigest;
import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.storage.Columns;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.WireName;

import org.jdbi.v3.core.Handle;

import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** SQL on apps, systems and subscriptions. */
final class RegistrySql {

    private static final String LOCK_AGAINST_OTHER_APPLIERS =
            "SELECT pg_advisory_xact_lock(:lock)::text";

    private static final String REMEMBER_APPLIED =
            """
            INSERT INTO applied_registry (fingerprint, applied_at)
            VALUES (:fingerprint, :now)
            ON CONFLICT (fingerprint) DO NOTHING
            """;

    private static final String IS_APPLIED =
            "SELECT 1 FROM applied_registry WHERE fingerprint = ANY (:fingerprints)";

    private static final String IS_THERE = "SELECT to_regclass('public.client_system') IS NOT NULL";

    private static final String IDS = "SELECT id FROM <table>";

    private static final String UPSERT_APP =
            """
            INSERT INTO meta_app AS a (id, name, names, platform, state)
            VALUES (:id, COALESCE(:name, ''), COALESCE(CAST(:names AS jsonb), '{}'),
                    COALESCE(:platform, 'facebook'),
                    COALESCE(:state, 'live'))
            ON CONFLICT (id) DO UPDATE
               SET name = COALESCE(:name, a.name),
                   names = COALESCE(CAST(:names AS jsonb), <otherwise>.names),
                   platform = COALESCE(:platform, <otherwise>.platform),
                   state = COALESCE(:state, <otherwise>.state)
            """;

    private static final String UPSERT_SYSTEM =
            """
            INSERT INTO client_system AS c
                   (id, name, public_name, public_names, state, url, query_sealed, events, accepts,
                    ack_means, answers, answers_header, max_in_flight, rate_per_minute,
                    timeout_ms, receipt_within_s, tls, ca)
            VALUES (:id, COALESCE(:name, ''),
                    COALESCE(:public_name, 'Connected system'),
                    COALESCE(CAST(:public_names AS jsonb), '{}'),
                    COALESCE(:state, 'live'), COALESCE(:url, ''), :query,
                    COALESCE(:events, ARRAY['deletion']), COALESCE(:accepts, CAST('{}' AS text[])),
                    COALESCE(:ack_means, 'accepted'),
                    COALESCE(CAST(:answers AS jsonb), '{}'),
                    NULLIF(CAST(:answers_header AS text), ''),
                    COALESCE(:max_in_flight, 16), COALESCE(:rate, 600),
                    COALESCE(:timeout_ms, 15000), COALESCE(:within_s, 604800),
                    COALESCE(:tls, '1.3'), NULLIF(CAST(:ca AS text), ''))
            ON CONFLICT (id) DO UPDATE
               SET name = COALESCE(:name, c.name),
                   public_name = COALESCE(:public_name, <otherwise>.public_name),
                   public_names = COALESCE(CAST(:public_names AS jsonb), <otherwise>.public_names),
                   state = COALESCE(:state, <otherwise>.state),
                   url = COALESCE(:url, c.url),
                   query_sealed = CASE WHEN CAST(:url AS text) IS NULL THEN c.query_sealed
                                       ELSE :query END,
                   events = COALESCE(:events, <otherwise>.events),
                   accepts = COALESCE(:accepts, <otherwise>.accepts),
                   ack_means = COALESCE(:ack_means, <otherwise>.ack_means),
                   answers = COALESCE(CAST(:answers AS jsonb), <otherwise>.answers),
                   answers_header =
                       NULLIF(COALESCE(CAST(:answers_header AS text),
                                       <otherwise>.answers_header), ''),
                   max_in_flight = COALESCE(:max_in_flight, <otherwise>.max_in_flight),
                   rate_per_minute = COALESCE(:rate, <otherwise>.rate_per_minute),
                   timeout_ms = COALESCE(:timeout_ms, <otherwise>.timeout_ms),
                   receipt_within_s = COALESCE(:within_s, <otherwise>.receipt_within_s),
                   tls = COALESCE(:tls, <otherwise>.tls),
                   ca = NULLIF(COALESCE(CAST(:ca AS text), <otherwise>.ca), '')
            """;

    private static final String LOCK_RETIRED =
            "SELECT id FROM <table> WHERE state = 'retired' ORDER BY id FOR UPDATE";

    private static final String DROP =
            """
            WITH subscriptions AS (
                DELETE FROM subscription WHERE <word>_id = ANY (:ids)
            ), secrets AS (
                DELETE FROM <word>_secret WHERE <word>_id = ANY (:ids)
            )
            DELETE FROM <table> WHERE id = ANY (:ids)
            """;

    private static final String APPS =
            """
            SELECT id, name, names::text AS names, platform, state FROM meta_app
            """;

    private static final String SYSTEMS =
            """
            SELECT id, public_name, url, query_sealed, events, accepts, ack_means,
                   answers::text AS answers, answers_header, max_in_flight,
                   timeout_ms, receipt_within_s, tls, ca
              FROM client_system
            """;

    /** Serialises whoever applies a registry; any number will do that nothing else here uses. */
    private static final long APPLY_LOCK = 0x72656769_73747279L;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Sealer sealer;

    RegistrySql(Sealer sealer) {
        this.sealer = sealer;
    }

    static void lockAgainstOtherAppliers(Handle handle) {
        handle.createQuery(LOCK_AGAINST_OTHER_APPLIERS)
                .bind("lock", APPLY_LOCK)
                .mapTo(String.class)
                .one();
    }

    /** Remembers a fingerprint; whether it was new, under any key. */
    boolean rememberApplied(Handle handle, IndexDigest fingerprint, Instant now) {
        boolean known = isApplied(handle, fingerprint);
        handle.createUpdate(REMEMBER_APPLIED)
                .bind("fingerprint", fingerprint.current())
                .bind("now", now)
                .execute();
        return !known;
    }

    /** Whether this fingerprint is known, under any key. */
    boolean isApplied(Handle handle, IndexDigest fingerprint) {
        return handle.createQuery(IS_APPLIED)
                .bindArray("fingerprints", byte[].class, fingerprint.oldestFirst())
                .mapTo(Integer.class)
                .findFirst()
                .isPresent();
    }

    boolean isThere(Handle handle) {
        return handle.createQuery(IS_THERE).mapTo(Boolean.class).one();
    }

    List<String> ids(Handle handle, String table) {
        return handle.createQuery(IDS).define("table", table).mapTo(String.class).list();
    }

    /**
     * Writes what the file names.
     *
     * @return the new subscriptions
     */
    Set<Subscription> write(Handle handle, RegistryFile file, SecretSql secretSql) {
        var added = new HashSet<Subscription>();
        for (var system : file.systems()) {
            upsertSystem(handle, system, file.whole());
            if (system.secrets() != null) {
                secretSql.replace(
                        handle, SecretSql.Table.SYSTEM, system.id().value(), system.secrets());
            }
        }
        for (var app : file.apps()) {
            upsertApp(handle, app, file.whole());
            if (app.secrets() != null) {
                secretSql.replace(handle, SecretSql.Table.APP, app.id().value(), app.secrets());
            }
            if (app.systems() != null) {
                added.addAll(Hearing.replace(handle, app.id(), app.systems()));
            }
        }
        return added;
    }

    /**
     * @param whole whether what is not said of it goes back to its default
     */
    void upsertApp(Handle handle, RegistryFile.App app, boolean whole) {
        handle.createUpdate(UPSERT_APP)
                .define("otherwise", whole ? "excluded" : "a")
                .bind("id", app.id().value())
                .bind("name", app.name())
                .bind("names", Columns.written(app.names()))
                .bind("platform", app.platform() == null ? null : app.platform().wireName())
                .bind("state", app.state())
                .execute();
    }

    /**
     * The query of an address may carry a token, so it is sealed; the rest is for operators.
     *
     * @param whole whether what is not said of it goes back to its default
     */
    void upsertSystem(Handle handle, RegistryFile.Client system, boolean whole) {
        var url = system.url();
        handle.createUpdate(UPSERT_SYSTEM)
                .define("otherwise", whole ? "excluded" : "c")
                .bind("id", system.id().value())
                .bind("name", system.name())
                .bind("public_name", system.publicName())
                .bind("public_names", Columns.written(system.publicNames()))
                .bind("state", system.state())
                .bind("url", url == null ? null : withoutQuery(url))
                .bind(
                        "query",
                        url == null || url.getRawQuery() == null
                                ? null
                                : sealer.seal(queryPlace(system.id()), url.getRawQuery()))
                .bind("events", Columns.texts(system.events()))
                .bind("accepts", Columns.words(system.accepts()))
                .bind("ack_means", system.ackMeans() == null ? null : system.ackMeans().wireName())
                .bind("answers", system.answers() == null ? null : write(system.answers()))
                .bind("answers_header", system.answersHeader())
                .bind("tls", system.tls())
                .bind("ca", system.ca())
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

    static List<String> lockRetired(Handle handle, Kind kind) {
        return handle.createQuery(LOCK_RETIRED)
                .define("table", kind == Kind.APP ? "meta_app" : "client_system")
                .mapTo(String.class)
                .list();
    }

    /** Drops entries with their secrets and subscriptions. */
    static void drop(Handle handle, Kind kind, List<String> ids) {
        handle.createUpdate(DROP)
                .define("word", kind.word())
                .define("table", kind == Kind.APP ? "meta_app" : "client_system")
                .bindArray("ids", String.class, ids)
                .execute();
    }

    List<MetaApp> apps(Handle handle, Map<String, List<SecretSql.Stored>> secrets) {
        return handle.createQuery(APPS)
                .map(
                        (row, context) ->
                                new MetaApp(
                                        new MetaAppId(row.getString("id")),
                                        Columns.names(row, "name", "names"),
                                        Platform.named(row.getString("platform")).orElseThrow(),
                                        row.getString("state").equals("retired"),
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

    List<ClientSystem> systems(Handle handle, Map<String, List<SecretSql.Stored>> secrets) {
        return handle.createQuery(SYSTEMS)
                .map(
                        (row, context) ->
                                new ClientSystem(
                                        new ClientSystemId(row.getString("id")),
                                        row.getString("public_name"),
                                        url(row),
                                        credential(
                                                secrets.getOrDefault(
                                                        row.getString("id"), List.of())),
                                        Columns.words(
                                                row,
                                                "events",
                                                net.cartback.deletion.terms.Kind.class),
                                        Columns.words(row, "accepts", IdentifierType.class),
                                        WireName.named(AckMeans.class, row.getString("ack_means")),
                                        read(row.getString("answers")),
                                        row.getString("answers_header"),
                                        row.getInt("max_in_flight"),
                                        Duration.ofMillis(row.getInt("timeout_ms")),
                                        Duration.ofSeconds(row.getLong("receipt_within_s")),
                                        new Tls(
                                                row.getString("tls").equals("1.2"),
                                                row.getString("ca"))))
                .list();
    }

    private URI url(ResultSet row) throws SQLException {
        var query = row.getBytes("query_sealed");
        var url = row.getString("url");
        if (query == null) {
            return URI.create(url);
        }
        var place = queryPlace(new ClientSystemId(row.getString("id")));
        return URI.create(url + "?" + sealer.open(place, query));
    }

    private static String withoutQuery(URI url) {
        var text = url.toString();
        return url.getRawQuery() == null ? text : text.substring(0, text.indexOf('?'));
    }

    private static SealContext queryPlace(ClientSystemId system) {
        return new SealContext("client_system", "query_sealed", system.value());
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

    private static ClientSystem.Credential credential(List<SecretSql.Stored> stored) {
        return new ClientSystem.Credential.WebhookSecrets(
                stored.stream()
                        .map(
                                each ->
                                        new ClientSystem.Secret(
                                                WebhookSecret.parse(each.value()), each.notAfter()))
                        .toList());
    }
}
