package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.brand.BrandReader;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.yaml.InvalidFile;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What people get wrong, and the sentence that they read then: all of it in one table. */
class MistakesIT {

    private static final Path TABLE = Path.of("src/it/mistakes.txt");
    private static final String UNKNOWN = "01a20b37-6818-742c-a798-ff2abbc8b3f3";

    private static TestRelay relay;
    private static FakeClientSystem crm;

    /**
     * A row of the table.
     *
     * @param where {@code environment}, {@code brand}, {@code registry}, {@code callback}, {@code
     *     receipt} or {@code admin}
     */
    record Mistake(String where, String mistake, String sentence) {}

    @BeforeAll
    static void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm");
        relay.register(crm);
    }

    @AfterAll
    static void stop() {
        crm.close();
        relay.close();
    }

    static List<Mistake> mistakes() throws IOException {
        return Files.readAllLines(TABLE).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line.split(" +\\| +", 3))
                .map(cells -> new Mistake(cells[0], cells[1], cells[2]))
                .toList();
    }

    @Test
    void the_table_is_not_a_handful() throws IOException {
        assertThat(mistakes()).hasSizeGreaterThan(60).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void whoever_makes_a_mistake_reads_what_is_wrong(Mistake mistake) {
        var told =
                switch (mistake.where()) {
                    case "environment" -> ofEnvironment(mistake.mistake());
                    case "brand" -> ofBrand(mistake.mistake());
                    case "registry" -> ofRegistry(mistake.mistake());
                    case "callback" -> ofCallback(mistake.mistake());
                    case "receipt" -> ofReceipt(mistake.mistake());
                    case "admin" -> ofAdmin(mistake.mistake());
                    default -> throw new AssertionError(mistake.where());
                };

        assertThat(told).contains(mistake.sentence());
    }

    /** Variables with {@code ;} between them; what is only doubted is no fault. */
    private static List<String> ofEnvironment(String variables) {
        var environment = new HashMap<String, String>();
        for (var each : variables.split("; ", -1)) {
            environment.put(
                    each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
        }
        try {
            return Config.readToServe(environment).doubts();
        } catch (Refused e) {
            return e.faults();
        }
    }

    private static List<String> ofBrand(String yaml) {
        try {
            BrandReader.read(yaml, Map.of(), Path.of("src/it"));
            return List.of();
        } catch (InvalidFile e) {
            return e.faults();
        }
    }

    private static List<String> ofRegistry(String yaml) {
        var text = yaml.replace("\\n", "\n").replace("\\t", "\t");
        try {
            relay.registry().differences(RegistryFile.parse(text, Map.of(), false));
            return List.of();
        } catch (InvalidRegistry e) {
            return e.faults();
        }
    }

    /** The app's id, and the form. */
    private static List<String> ofCallback(String call) {
        var words = call.split(" ", 2);
        return told(
                HttpRequest.newBuilder(relay.uri("/meta/" + words[0] + "/data-deletion"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString(words.length == 1 ? "" : words[1]))
                        .build());
    }

    /** The body of a receipt that is signed well, for a delivery that nobody knows or that is. */
    private static List<String> ofReceipt(String body) {
        relay.metaAsksToDelete("of a receipt");
        var delivery = relay.texts("SELECT id::text FROM delivery LIMIT 1").getFirst();
        return told(
                relay.receipt(
                        body.startsWith("unknown ") ? UNKNOWN : delivery,
                        crm.secret(),
                        body.replace("unknown ", "")));
    }

    /** A method, a path and, for a POST, a body. */
    private static List<String> ofAdmin(String call) {
        var words = call.split(" ", 3);
        var request =
                HttpRequest.newBuilder(relay.uri("/admin/v1" + words[1]))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN);
        return told(
                words.length == 2
                        ? request.method(words[0], BodyPublishers.noBody()).build()
                        : request.method(words[0], BodyPublishers.ofString(words[2])).build());
    }

    private static List<String> told(HttpRequest request) {
        return told(Http.send(request));
    }

    private static List<String> told(HttpResponse<String> answer) {
        return List.of(Http.json(answer).path("detail").asText());
    }
}
