package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Each table is written by one package: whoever looks for a change of it knows where to look. */
class TableOwnersTest {

    private static final Path ROOT = Path.of("src/main/java/net/cartback/deletion");

    private static final Pattern LITERAL =
            Pattern.compile("\"\"\"(.*?)\"\"\"|\"((?:[^\"\\\\\\n]|\\\\.)*)\"", Pattern.DOTALL);

    private static final Pattern WRITE =
            Pattern.compile(
                    "\\b(INSERT INTO|DELETE FROM|UPDATE|MERGE INTO|TRUNCATE)\\s+(?!SKIP\\b)"
                            + "([a-z_]+|<[a-z_<>]+)");

    /** What an update sets of a delivery. */
    private static final Pattern SET =
            Pattern.compile(
                    "UPDATE delivery\\b.*?\\bSET\\b(.*?)\\b(?:FROM|WHERE)\\b", Pattern.DOTALL);

    private static final Pattern STATE = Pattern.compile("(?<![.\\w])state\\s*=");

    private static final Map<String, Set<String>> OWNED =
            Map.ofEntries(
                    Map.entry("access", Set.of("idempotency_key", "operator_token")),
                    Map.entry("audit", Set.of("audit_block", "audit_checkpoint", "audit_head")),
                    Map.entry("cases", Set.of("case_request", "person_case")),
                    Map.entry("gate", Set.of("system_gate", "system_health")),
                    Map.entry("keys", Set.of("oldest_program", "relay_key", "replica")),
                    Map.entry(
                            "ledger",
                            Set.of(
                                    "attempt",
                                    "contradiction",
                                    "deletion_request",
                                    "delivery",
                                    "receipt")),
                    Map.entry("mail", Set.of("mail")),
                    Map.entry(
                            "operation",
                            Set.of(
                                    "amendment",
                                    "extension",
                                    "legal_hold",
                                    "operator_action",
                                    "test_delivery")),
                    Map.entry("recording", Set.of("backfill")),
                    Map.entry(
                            "registry",
                            Set.of(
                                    "app_secret",
                                    "applied_registry",
                                    "client_system",
                                    "meta_app",
                                    "subscription",
                                    "system_secret")),
                    Map.entry("retention", Set.of("retention_sweep")),
                    Map.entry("storage", Set.of("flyway_schema_history")));

    /** Drops whatever was kept long enough, wherever it stands. */
    private static final String RETENTION = "retention/RetentionSql";

    /** Who else writes which tables, and why it must. */
    private static final Set<Guest> GUESTS =
            Set.of(
                    // A request is born with its deliveries, in one statement.
                    new Guest("recording/RecordingSql", "INSERT INTO", "deletion_request"),
                    new Guest("recording/RecordingSql", "INSERT INTO", "delivery"),
                    // A person had asked before the day that was entered first.
                    new Guest("recording/RecordingSql", "UPDATE", "deletion_request"),
                    // A new subscription adds deliveries to open requests, and counts them.
                    new Guest("recording/BackfillSql", "INSERT INTO", "delivery"),
                    new Guest("recording/BackfillSql", "UPDATE", "deletion_request"),
                    // Who knows how a repeat is recognised digests it under a newer key.
                    new Guest("recording/Redigest", "UPDATE", "deletion_request"),
                    // A claim takes deliveries and uses up their rate in one statement.
                    new Guest("ledger/ClaimSql", "UPDATE", "system_gate"),
                    // What is personal is erased in the rows that stay.
                    new Guest(RETENTION, "UPDATE", "attempt"),
                    new Guest(RETENTION, "UPDATE", "deletion_request"),
                    new Guest(RETENTION, "UPDATE", "operator_action"),
                    new Guest(RETENTION, "UPDATE", "person_case"),
                    new Guest(RETENTION, "UPDATE", "receipt"),
                    // Tables of one form, each named by the program.
                    new Guest("registry/RegistrySql", "DELETE FROM", "<table>"),
                    new Guest("registry/RegistrySql", "DELETE FROM", "<word>_secret"),
                    new Guest("registry/SecretSql", "DELETE FROM", "<table>"),
                    new Guest("registry/SecretSql", "INSERT INTO", "<table>"),
                    // Whatever was sealed under an older key is sealed anew.
                    new Guest("keys/Reseal", "UPDATE", "<table>"));

    private static final Set<String> NAMED_BY_THE_PROGRAM = Set.of("<table>", "<word>_secret");

    private record Guest(String type, String verb, String table) {}

    @Test
    void each_table_is_written_by_its_owner() throws IOException {
        var owners =
                OWNED.entrySet().stream()
                        .flatMap(each -> each.getValue().stream().map(t -> Map.entry(t, each)))
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey, each -> each.getValue().getKey()));
        var strangers =
                writes().stream()
                        .filter(each -> !each.type().startsWith(owners.get(each.table()) + "/"))
                        .filter(
                                each ->
                                        !each.type().equals(RETENTION)
                                                || !each.verb().equals("DELETE FROM"))
                        .filter(each -> !GUESTS.contains(each));
        assertThat(strangers).isEmpty();
    }

    @Test
    void every_table_that_is_written_has_an_owner_and_every_guest_is_real() throws IOException {
        var writes = writes();
        var owned = new TreeSet<String>();
        OWNED.values().forEach(owned::addAll);
        owned.addAll(NAMED_BY_THE_PROGRAM);
        assertThat(owned).containsAll(writes.stream().map(Guest::table).toList());
        assertThat(writes).containsAll(GUESTS);
    }

    /** Closing is one thing, however it comes about. */
    @Test
    void one_statement_closes_a_delivery() throws IOException {
        var closes = Pattern.compile("(?<![.\\w])state\\s*=\\s*'closed'");
        var closing = new ArrayList<String>();
        for (var source : sources()) {
            SET.matcher(Files.readString(source))
                    .results()
                    .filter(set -> closes.matcher(set.group(1)).find())
                    .forEach(set -> closing.add(name(source)));
        }
        assertThat(closing).containsExactly("ledger/ClosingSql");
    }

    /** ARCHITECTURE.md shows the state machine: no statement writes a state that is not in it. */
    @Test
    void every_statement_that_writes_a_state_stands_in_the_table_of_transitions()
            throws IOException {
        var adds = Pattern.compile("INSERT INTO delivery\\b");
        var writers = new TreeSet<String>();
        for (var source : sources()) {
            var text = Files.readString(source);
            if (adds.matcher(text).find()
                    || SET.matcher(text)
                            .results()
                            .anyMatch(set -> STATE.matcher(set.group(1)).find())) {
                writers.add(source.getFileName().toString().replace(".java", ""));
            }
        }
        var named = new TreeSet<String>();
        Pattern.compile("\\| (`\\w+Sql`(, `\\w+Sql`)*) \\|")
                .matcher(Files.readString(Path.of("docs/ARCHITECTURE.md")))
                .results()
                .flatMap(row -> Stream.of(row.group(1).split(", ")))
                .map(name -> name.replace("`", ""))
                .forEach(named::add);
        // A lease is no state: a claim writes none. An answer is closed by what closes.
        named.removeAll(Set.of("ClaimSql", "ReceiptSql"));
        assertThat(writers).isEqualTo(named);
    }

    private static Set<Guest> writes() throws IOException {
        var writes = new HashSet<Guest>();
        for (var source : sources()) {
            var literals = LITERAL.matcher(Files.readString(source));
            while (literals.find()) {
                var text = literals.group(1) == null ? literals.group(2) : literals.group(1);
                WRITE.matcher(text)
                        .results()
                        .filter(write -> !write.group(2).equals("of"))
                        .forEach(
                                write ->
                                        writes.add(
                                                new Guest(
                                                        name(source),
                                                        write.group(1),
                                                        write.group(2))));
            }
        }
        return writes;
    }

    private static String name(Path source) {
        return ROOT.relativize(source).toString().replace(".java", "");
    }

    private static Set<Path> sources() throws IOException {
        try (var files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .collect(Collectors.toSet());
        }
    }
}
