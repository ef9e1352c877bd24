package net.cartback.deletion.registry;

import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.crypto.Sealer;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** SQL on the two tables of secrets, {@code app_secret} and {@code system_secret}. */
final class SecretSql {

    private static final String REMOVE_OTHERS = "DELETE FROM <table> WHERE id = :id";

    private static final String WRITE =
            """
            INSERT INTO <table> (id, <owner>, position, label, value_sealed, not_after)
            VALUES (:id, :owner, :position, :label, :sealed, :not_after)
            ON CONFLICT (id) DO UPDATE
               SET position = :position, label = :label, not_after = :not_after
            """;

    private static final String READ =
            """
            SELECT id, <owner> AS owner, label, value_sealed, not_after
              FROM <table>
             WHERE CAST(:owner AS text) IS NULL OR <owner> = :owner
             ORDER BY <owner>, position
            """;

    private final Sealer sealer;

    SecretSql(Sealer sealer) {
        this.sealer = sealer;
    }

    /** A secret as it is stored. */
    record Stored(
            UUID id,
            String owner,
            @Nullable String label,
            String value,
            @Nullable Instant notAfter) {}

    /** The two tables of secrets have one form and differ in name and owner only. */
    enum Table {
        APP("app_secret", "app_id"),
        SYSTEM("system_secret", "system_id");

        private final String table;
        private final String owner;

        Table(String table, String owner) {
            this.table = table;
            this.owner = owner;
        }
    }

    /** A secret that stays keeps its id, by which requests say which one matched. */
    void replace(Handle handle, Table table, String owner, List<RegistryFile.Secret> secrets) {
        var stored = read(handle, table, owner);
        var found = new HashMap<Integer, Stored>();
        for (int i = 0; i < secrets.size(); i++) {
            var secret = secrets.get(i);
            var same =
                    stored.stream()
                            .filter(
                                    each ->
                                            each.id().equals(secret.id())
                                                    || each.value().equals(secret.value()))
                            .findFirst();
            if (secret.value() == null && same.isEmpty()) {
                throw new InvalidRegistry(
                        List.of("secrets[" + i + "].id: no secret of this entry has this id"));
            }
            int position = i;
            same.ifPresent(each -> found.put(position, each));
        }
        for (var each : stored) {
            if (!found.containsValue(each)) {
                handle.createUpdate(REMOVE_OTHERS)
                        .define("table", table.table)
                        .bind("id", each.id())
                        .execute();
            }
        }
        for (int position = 0; position < secrets.size(); position++) {
            var secret = secrets.get(position);
            var same = found.get(position);
            // One that is named by its id keeps what is not said of it.
            var kept = secret.id() == null ? null : same;
            var id = same == null ? UUID.randomUUID() : same.id();
            var value = same == null ? Objects.requireNonNull(secret.value()) : same.value();
            handle.createUpdate(WRITE)
                    .define("table", table.table)
                    .define("owner", table.owner)
                    .bind("id", id)
                    .bind("owner", owner)
                    .bind("position", position)
                    .bind(
                            "label",
                            kept == null || secret.given().contains("label")
                                    ? secret.label()
                                    : kept.label())
                    .bind("sealed", sealer.seal(place(table, id), value))
                    .bind(
                            "not_after",
                            kept == null || secret.given().contains("not_after")
                                    ? secret.notAfter()
                                    : kept.notAfter())
                    .execute();
        }
    }

    List<Stored> all(Handle handle, Table table) {
        return read(handle, table, null);
    }

    /** The secrets of one owner, or of all if it is null. */
    private List<Stored> read(Handle handle, Table table, @Nullable String owner) {
        return handle.createQuery(READ)
                .define("table", table.table)
                .define("owner", table.owner)
                .bind("owner", owner)
                .map(
                        (row, context) -> {
                            var id = row.getObject("id", UUID.class);
                            var notAfter = row.getTimestamp("not_after");
                            return new Stored(
                                    id,
                                    row.getString("owner"),
                                    row.getString("label"),
                                    sealer.open(place(table, id), row.getBytes("value_sealed")),
                                    notAfter == null ? null : notAfter.toInstant());
                        })
                .list();
    }

    private static SealContext place(Table table, UUID id) {
        return new SealContext(table.table, "value_sealed", id.toString());
    }
}
