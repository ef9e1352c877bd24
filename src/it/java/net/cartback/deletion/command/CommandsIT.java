package net.cartback.deletion.command;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.DatabaseAddress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The commands, on a real database, with an environment and a terminal of the test's own. */
@Execution(ExecutionMode.CONCURRENT)
class CommandsIT {

    private static final PrintStream OUT =
            new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);

    @TempDir private Path directory;

    @Test
    void a_token_is_made_listed_and_revoked_and_its_name_is_not_used_again() throws IOException {
        var environment = database(TestPostgres.migrated(), "postgres");
        assertThat(done(environment, "tokens", "add", "night", "--role", "viewer")).isNotBlank();
        assertThat(done(environment, "tokens", "list")).contains("night", "viewer", "active");
        assertThat(failed(environment, 2, "tokens", "add", "night", "--role", "viewer"))
                .contains("has been used before");
        assertThat(done(environment, "tokens", "revoke", "night")).isEqualTo("Revoked night.\n");
        assertThat(done(environment, "tokens", "list")).contains("revoked");
        assertThat(failed(environment, 2, "tokens", "revoke", "night"))
                .contains("is no token in force");
        assertThat(failed(environment, 2, "tokens", "add", "day", "--role", "king"))
                .contains("--role", "VIEWER");
    }

    @Test
    void a_registry_file_is_applied_compared_and_exported() throws IOException {
        var environment = database(TestPostgres.migrated(), "postgres");
        try (var crm = new FakeClientSystem("crm")) {
            var file = registry(crm);
            assertThat(failed(environment, 1, "registry", "diff", file)).contains("crm");
            assertThat(done(environment, "registry", "apply", file)).contains("crm");
            assertThat(done(environment, "registry", "diff", file)).contains("change nothing");
            assertThat(done(environment, "registry", "export")).contains("systems:", "crm");
            assertThat(failed(environment, 1, "attention")).contains("no_relay");
            assertThat(
                            done(
                                    environment,
                                    "sign",
                                    "--app",
                                    TestRelay.APP_ID,
                                    "--user",
                                    "10210123456789014"))
                    .matches("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\n");
            assertThat(failed(environment, 2, "sign", "--app", "4", "--user", "1"))
                    .contains("names no registered app");
        }
    }

    @Test
    void a_list_with_what_is_no_id_is_refused_with_the_line() throws IOException {
        var environment = database(TestPostgres.migrated(), "postgres");
        var list = directory.resolve("ids.csv");
        var ids = new String[] {"ids", "import", "--app", TestRelay.APP_ID, list.toString()};
        try (var crm = new FakeClientSystem("crm")) {
            done(environment, "registry", "apply", registry(crm));
        }
        Files.writeString(list, "10210123456789000\n10210123456780000\n");
        assertThat(failed(environment, 2, ids)).contains("was rounded by a spreadsheet");
        Files.writeString(list, "Dana\n1001\nErik\n");
        assertThat(failed(environment, 2, ids)).contains("no id in line [3]");
        Files.writeString(list, "id\n10210123456789012\n");
        assertThat(done(environment, ids)).startsWith("1 ids: 1 recorded, 0 repeats");
        assertThat(done(environment, "audit", "verify")).contains("Whole.");
    }

    @Test
    void what_a_command_is_asked_for_and_is_not_there_is_named() throws IOException {
        var environment = database(TestPostgres.migrated(), "postgres");
        assertThat(failed(environment, 2, "proof", "7K3M9Q2XVB4T8WZC5N6R1YHDJF"))
                .contains("no request is known");
        assertThat(typed(environment, "7K3M9Q2XVB4T8WZC5N6R1YHDJF\n", 2, "proof"))
                .contains("no request is known");
        assertThat(failed(environment, 2, "audit", "verify", "--head", "/nowhere"))
                .contains("cannot be read");
        assertThat(failed(environment, 2, "registry", "apply", "/nowhere")).contains("/nowhere");
        assertThat(failed(environment, 2)).contains("Say which command to run.");
        assertThat(failed(environment, 2, "nonsense")).contains("nonsense");
    }

    @Test
    void every_command_explains_itself_and_stands_in_the_page() throws IOException {
        var page = Files.readString(Path.of("docs/COMMANDS.md"));
        var commands =
                Main.commandLine(new Terminal(Map.of(), InputStream.nullInputStream(), OUT, OUT))
                        .getSubcommands()
                        .keySet();
        assertThat(commands).hasSizeGreaterThan(10);
        for (var command : commands) {
            assertThat(done(Map.of(), command, "--help")).startsWith("Usage: deletion-relay");
            assertThat(page).contains("| `" + command);
        }
    }

    @Test
    void migrate_makes_the_schema_and_says_what_keeps_it_from_doing_so() throws IOException {
        var plain = TestPostgres.empty();
        var environment = database(plain, "postgres");
        assertThat(done(environment, "migrate")).contains("The schema is current.");
        assertThat(done(environment, "migrate")).contains("The schema is current.");

        var other = TestPostgres.empty();
        TestPostgres.execute(other, "CREATE ROLE " + other.database() + "_owner LOGIN");
        assertThat(failed(database(other, other.database() + "_owner"), 2, "migrate"))
                .contains("GRANT CREATE ON SCHEMA public");
        assertThat(failed(database(other, "nobody"), 1, "migrate"))
                .contains("role \"nobody\" does not exist");
    }

    @Test
    void doctor_tells_what_is_wrong_with_an_installation_and_what_mends_it() throws IOException {
        assertThat(failed(Map.of("DATABASE_URL", "postgres://x@127.0.0.1/x"), 1, "doctor"))
                .contains("WRONG  the configuration", "KEYRING_FILE is required");

        var address = TestPostgres.empty();
        var service = address.database() + "_service";
        var owner = database(address, "postgres");
        TestPostgres.execute(address, "CREATE ROLE " + service + " LOGIN CONNECTION LIMIT 60");
        var environment = new HashMap<>(owner);
        environment.putAll(database(address, service));
        environment.put("KEYRING_FILE", owner.get("KEYRING_FILE") + "");
        environment.put("PUBLIC_URL", "https://localhost:1");
        assertThat(failed(environment, 1, "doctor"))
                .contains("WRONG  the schema", "run the command migrate");

        environment.put("MIGRATION_DATABASE_URL", owner.get("DATABASE_URL") + "");
        done(environment, "migrate");
        assertThat(failed(environment, 1, "doctor"))
                .contains(
                        "ok     the schema is of version",
                        "ok     the keyring has the keys of this database",
                        "ok     the role " + service + " is no superuser",
                        "ok     the role " + service + " does not own the tables",
                        "ok     the role has the rights that it needs",
                        "ok     60 connections are allowed",
                        "WRONG  the relay knows the callers' addresses",
                        "note   no app is registered",
                        "which Meta cannot reach");

        TestPostgres.execute(address, "REVOKE INSERT ON delivery FROM " + service);
        TestPostgres.execute(address, "ALTER ROLE " + service + " CONNECTION LIMIT 20");
        assertThat(failed(environment, 1, "doctor"))
                .contains(
                        "it lacks INSERT on delivery: migrate gives them",
                        "take 48: allow more, or lower DATABASE_POOL_SIZE");

        environment.put("DATABASE_URL", owner.get("DATABASE_URL") + "");
        assertThat(failed(environment, 1, "doctor"))
                .contains("WRONG  the role postgres is no superuser", "let another role own");
        environment.put("DATABASE_URL", "postgres://nobody@127.0.0.1:" + address.port() + "/x");
        assertThat(failed(environment, 1, "doctor"))
                .contains("WRONG  the database", "does not exist");
    }

    @Test
    void a_command_makes_no_database_where_there_is_none() throws IOException {
        var nowhere = directory.resolve("nowhere");
        var environment = Map.of("DATA_DIR", nowhere.toString());
        for (var command :
                List.of(
                        List.of("migrate"),
                        List.of("keys", "status"),
                        List.of("tokens", "list"),
                        List.of("sign", "--app", "1", "--user", "2"))) {
            assertThat(failed(environment, 2, command.toArray(String[]::new)))
                    .contains("there is no data in", "DATA_DIR or DATABASE_URL");
        }
        assertThat(nowhere).doesNotExist();
    }

    private String registry(FakeClientSystem crm) throws IOException {
        var registry = directory.resolve("registry.yaml");
        Files.writeString(registry, "systems:\n" + crm.yaml("") + TestRelay.app(List.of(crm.id())));
        return registry.toString();
    }

    private Map<String, String> database(DatabaseAddress address, String role) throws IOException {
        var keyring = directory.resolve("keyring.json");
        if (!Files.exists(keyring)) {
            done(Map.of(), "keys", "generate", keyring.toString());
        }
        return Map.of(
                "DATABASE_URL",
                "postgres://%s@127.0.0.1:%d/%s".formatted(role, address.port(), address.database()),
                "KEYRING_FILE",
                keyring.toString(),
                "OUTBOUND_ALLOW",
                "127.0.0.0/8",
                "PUBLIC_URL",
                "https://relay.example.com");
    }

    private static String done(Map<String, String> environment, String... command) {
        return failed(environment, 0, command);
    }

    /** What a command says that ends with this code. */
    private static String failed(Map<String, String> environment, int code, String... command) {
        return typed(environment, "", code, command);
    }

    private static String typed(
            Map<String, String> environment, String input, int code, String... command) {
        var answer = new ByteArrayOutputStream();
        var fault = new ByteArrayOutputStream();
        int exit =
                Main.run(
                        new Terminal(
                                environment,
                                new ByteArrayInputStream(input.getBytes(UTF_8)),
                                new PrintStream(answer, true, UTF_8),
                                new PrintStream(fault, true, UTF_8)),
                        command);
        var said = answer.toString(UTF_8) + fault.toString(UTF_8);
        assertThat(exit).as(said).isEqualTo(code);
        // An answer can be read by a program, and a fault is none.
        assertThat(code == 0 ? fault.toString(UTF_8) : "").isEmpty();
        assertThat(code == 2 ? answer.toString(UTF_8) : "").isEmpty();
        return said;
    }
}
