package net.cartback.deletion.storage;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.TestPostgres;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The service's role may do with each table what it needs, and nothing with any other. */
class GrantsIT {

    private static final String ROLE = "service_of_grants";

    @Test
    void each_table_is_named_and_the_role_has_these_rights_and_no_others() throws Exception {
        var address = TestPostgres.migrated();
        TestPostgres.execute(
                address,
                "DROP ROLE IF EXISTS %1$s; CREATE ROLE %1$s".formatted(ROLE)
                        + "; GRANT ALL ON audit, audit_head TO "
                        + ROLE
                        + "; CREATE TABLE of_a_newer_schema (secret text)");
        Map<String, Set<String>> rights = new TreeMap<>();
        try (var connection = TestPostgres.connect(address)) {
            Grants.give(connection, ROLE);
            try (var statement = connection.createStatement();
                    var rows =
                            statement.executeQuery(
                                    """
                                    SELECT c.relname, privilege
                                      FROM pg_class c
                                     CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                                                             'REFERENCES', 'TRIGGER', 'MAINTAIN']) AS privilege
                                     WHERE c.relnamespace = 'public'::regnamespace
                                       AND c.relkind IN ('r', 'v', 'm', 'p')
                                       AND has_table_privilege('%s', c.oid, privilege)
                                    """
                                            .formatted(ROLE))) {
                while (rows.next()) {
                    rights.computeIfAbsent(rows.getString(1), name -> new TreeSet<>())
                            .add(rows.getString(2));
                }
            }
        }
        var named =
                Grants.tables().entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey,
                                        each -> Set.of(each.getValue().split(", "))));
        assertThat(rights).isEqualTo(named);
        var tables = new TreeSet<>(TestPostgres.tables(address));
        assertThat(tables.remove("of_a_newer_schema")).isTrue();
        assertThat(named.keySet()).containsAll(tables);
    }

    @Test
    void the_program_knows_the_schema_up_to_its_newest_migration() throws IOException {
        try (var files = Files.list(Path.of("src/main/resources/db/migration"))) {
            assertThat(
                            files.map(file -> file.getFileName().toString())
                                    .mapToInt(
                                            name ->
                                                    Integer.parseInt(
                                                            name.substring(1, name.indexOf("__"))))
                                    .max())
                    .hasValue(Migrations.SCHEMA);
        }
    }
}
