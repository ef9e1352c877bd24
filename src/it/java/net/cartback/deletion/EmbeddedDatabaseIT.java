package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

import net.cartback.deletion.storage.DatabaseAddress;
import net.cartback.deletion.storage.EmbeddedDatabase;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;

/** The server that the relay brings with it. */
class EmbeddedDatabaseIT {

    @TempDir private Path directory;

    @Test
    void other_users_of_the_machine_do_not_get_in() throws Exception {
        try (var database = EmbeddedDatabase.open(directory)) {
            var address = database.address();

            assertThat(read(address, String.valueOf(address.password()))).isOne();
            for (var guess : new String[] {"", "postgres"}) {
                assertThatThrownBy(() -> read(address, guess)).isInstanceOf(SQLException.class);
            }
            assertThat(permissions("postgres-password")).isEqualTo("rw-------");
            assertThat(permissions("postgres")).isEqualTo("rwx------");
        }
    }

    @Test
    void a_command_beside_it_gets_in_and_so_does_the_next_start() throws Exception {
        try (var database = EmbeddedDatabase.open(directory)) {
            assertThat(database.isOwner()).isTrue();
        }
        try (var again = EmbeddedDatabase.open(directory)) {
            assertThat(read(again.address(), String.valueOf(again.address().password()))).isOne();
        }
    }

    @Test
    void a_server_of_an_older_version_gets_a_password_and_keeps_its_data() throws Exception {
        try (var older =
                        EmbeddedPostgres.builder()
                                // A busy machine takes longer than the usual 10 s.
                                .setPGStartupWait(Duration.ofMinutes(5))
                                .setDataDirectory(directory.resolve("postgres"))
                                .setCleanDataDirectory(false)
                                .start();
                var connection = older.getPostgresDatabase().getConnection();
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE kept AS SELECT 7 AS it");
        }

        try (var database = EmbeddedDatabase.open(directory)) {
            var address = database.address();
            assertThatThrownBy(() -> read(address, "")).isInstanceOf(SQLException.class);
            assertThat(ask(address, String.valueOf(address.password()), "SELECT it FROM kept"))
                    .isEqualTo(7);
        }
    }

    private static int read(DatabaseAddress address, String password) throws SQLException {
        return ask(address, password, "SELECT 1");
    }

    private static int ask(DatabaseAddress address, String password, String sql)
            throws SQLException {
        var url = "jdbc:postgresql://127.0.0.1:" + address.port() + "/" + address.database();
        try (var connection = DriverManager.getConnection(url, "postgres", password);
                var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getInt(1);
        }
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(name)));
    }
}
