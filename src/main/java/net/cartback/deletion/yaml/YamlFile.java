package net.cartback.deletion.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * A file that is YAML: its tree, and what the tree no longer shows.
 *
 * @param notText each value that YAML does not read as text, as written in the file, by path
 */
public record YamlFile(JsonNode root, Map<String, String> notText) {

    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_DEPTH = 16;

    private static final ObjectMapper YAML =
            new ObjectMapper(
                            YAMLFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(MAX_DEPTH)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * Reads a text of at most 1 MiB.
     *
     * @param faults what is wrong with the text as a whole is added here
     * @return null: it cannot be read
     */
    public static @Nullable YamlFile read(String yaml, List<String> faults) {
        if (yaml.length() > MAX_CHARACTERS) {
            faults.add("the file: must be at most 1 MiB");
            return null;
        }
        try {
            return new YamlFile(YAML.readTree(yaml), YamlScan.of(yaml, faults));
        } catch (JsonProcessingException e) {
            faults.add("the file: " + YamlFault.of(e, yaml));
            return null;
        }
    }
}
