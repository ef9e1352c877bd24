package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the jar says it is made of, held against what it loads and against the licences we accept.
 */
class SupplyChainIT {

    private static final Pattern LICENCE = Pattern.compile("\\| `([A-Za-z0-9.-]+)` \\|.*");

    @Test
    void every_library_that_is_loaded_stands_in_the_bill_of_materials_and_nothing_else_does()
            throws IOException {
        var listed = new TreeSet<String>();
        for (var component : bill().get("components")) {
            listed.add(file(component));
        }

        assertThat(listed).hasSizeGreaterThan(50).isEqualTo(loaded());
    }

    @Test
    void every_library_has_a_licence_that_we_accept() throws IOException {
        var accepted = accepted();
        assertThat(accepted).contains("Apache-2.0", "MIT");
        for (var component : bill().get("components")) {
            assertThat(licences(component))
                    .as(file(component) + " may be used under one of these")
                    .isNotEmpty()
                    .containsAnyElementsOf(accepted);
        }
    }

    @Test
    void every_library_is_named_with_its_digest() throws IOException {
        for (var component : bill().get("components")) {
            assertThat(component.get("hashes").findValuesAsText("alg"))
                    .as(file(component))
                    .contains("SHA-256");
        }
    }

    private static JsonNode bill() throws IOException {
        try (var jar = jar();
                var in = jar.getInputStream(jar.getEntry("META-INF/sbom/bom.json"))) {
            return new ObjectMapper().readTree(in);
        }
    }

    /** What the program's class path names, without directories. */
    private static Set<String> loaded() throws IOException {
        try (var jar = jar()) {
            var path = jar.getManifest().getMainAttributes().getValue("Class-Path");
            return Arrays.stream(path.split(" "))
                    .map(entry -> entry.substring(entry.lastIndexOf('/') + 1))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static JarFile jar() throws IOException {
        return new JarFile(System.getProperty("relay.jar"));
    }

    private static String file(JsonNode component) {
        var name = component.get("name").textValue();
        var version = component.get("version").textValue();
        var classifier =
                Pattern.compile("classifier=([^&]+)").matcher(component.get("purl").textValue());
        return name + "-" + version + (classifier.find() ? "-" + classifier.group(1) : "") + ".jar";
    }

    private static List<String> licences(JsonNode component) {
        var licences = new ArrayList<String>();
        for (var each : component.path("licenses")) {
            licences.add(each.at("/license/id").asText(each.at("/license/name").asText()));
        }
        return licences;
    }

    private static Set<String> accepted() throws IOException {
        var accepted = new HashSet<String>();
        for (var line : Files.readAllLines(Path.of("docs/SECURITY.md"))) {
            var licence = LICENCE.matcher(line);
            if (licence.matches()) {
                accepted.add(licence.group(1));
            }
        }
        return accepted;
    }
}
