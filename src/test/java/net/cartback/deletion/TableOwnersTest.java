package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
            Pattern.compile("\\b(INSERT INTO|DELETE FROM|UPDATE) (?!SKIP\\b)([a-z_]+)\\b");

    private static final Map<String, Set<String>> OWNED =
            Map.ofEntries(
                    Map.entry("access", Set.of("idempotency_key", "operator_token")),
                    Map.entry("audit", Set.of("audit_block", "audit_checkpoint", "audit_head")),
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

    /** Who else writes which tables, and why it must. */
    private static final Set<Guest> GUESTS =
            Set.of(
                    // A request is born with its deliveries, in one statement.
                    new Guest("recording/RecordingSql", "INSERT INTO", "deletion_request"),
                    new Guest("recording/RecordingSql", "INSERT INTO", "delivery"),
                    // A new subscription adds deliveries to open requests, and counts them.
                    new Guest("recording/BackfillSql", "INSERT INTO", "delivery"),
                    new Guest("recording/BackfillSql", "UPDATE", "deletion_request"),
                    // Who knows how a repeat is recognised digests it under a newer key.
                    new Guest("recording/Redigest", "UPDATE", "deletion_request"),
                    // A claim takes deliveries and uses up their rate in one statement.
                    new Guest("ledger/ClaimSql", "UPDATE", "system_gate"));

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
                        // What was kept long enough is dropped and erased wherever it stands.
                        .filter(each -> !each.type().equals("retention/RetentionSql"))
                        .filter(each -> !GUESTS.contains(each));
        assertThat(strangers).isEmpty();
    }

    @Test
    void every_table_that_is_written_has_an_owner_and_every_guest_is_real() throws IOException {
        var writes = writes();
        var owned = new TreeSet<String>();
        OWNED.values().forEach(owned::addAll);
        assertThat(owned).containsAll(writes.stream().map(Guest::table).toList());
        assertThat(writes).containsAll(GUESTS);
    }

    /** Closing is one thing, however it comes about. */
    @Test
    void one_statement_closes_a_delivery() throws IOException {
        var closes = Pattern.compile("SET state = 'closed'");
        var closing = new TreeSet<String>();
        long count = 0;
        for (var source : sources()) {
            long found = closes.matcher(Files.readString(source)).results().count();
            if (found > 0) {
                closing.add(name(source));
            }
            count += found;
        }
        assertThat(closing).containsExactly("ledger/ClosingSql");
        assertThat(count).isEqualTo(1);
    }

    /** ARCHITECTURE.md shows the state machine: no statement writes a state that is not in it. */
    @Test
    void every_statement_that_writes_a_state_stands_in_the_table_of_transitions()
            throws IOException {
        var sets = Pattern.compile("SET state =|INSERT INTO delivery\\b");
        var writers = new TreeSet<String>();
        for (var source : sources()) {
            if (sets.matcher(Files.readString(source)).find()) {
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
