package net.cartback.deletion.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The table of variables is what the program reads, with the defaults it has. */
class ConfigurationPageTest {

    private static final Pattern NAME = Pattern.compile("`([A-Z][A-Z0-9_]+)`");

    /** Defaults that are not a value. */
    private static final Pattern NO_VALUE =
            Pattern.compile("unset|empty|generated .*|required .*|`DATABASE_URL`|`http://.*");

    private static final Map<String, String> PROVIDER =
            Map.of(
                    "OIDC_ISSUER", "https://id.example.com",
                    "OIDC_AUDIENCE", "relay",
                    "OIDC_JWKS_URL", "https://id.example.com/keys");

    @Test
    void every_variable_that_is_read_stands_in_the_table_and_no_other() throws IOException {
        var environment = new HashMap<>(PROVIDER);
        environment.put("DATABASE_URL", "postgres://relay@127.0.0.1/relay");
        environment.put("KEYRING_FILE", "keyring.json");
        environment.put("PUBLIC_URL", "https://relay.example.com");
        var asked = new Asked(environment);
        var _ = Config.readToServe(asked);

        assertThat(asked.names).isEqualTo(new TreeSet<>(table().keySet()));
    }

    @Test
    void every_default_is_the_programs() throws IOException {
        var plain = Config.read(PROVIDER);
        int held = 0;
        for (var each : table().entrySet()) {
            if (NO_VALUE.matcher(each.getValue()).matches()) {
                assertThat(each.getValue()).as(each.getKey()).isNotBlank();
                continue;
            }
            var environment = new HashMap<>(PROVIDER);
            environment.put(each.getKey(), each.getValue().replace("`", ""));

            assertThat(Config.read(environment))
                    .as(each.getKey())
                    .usingRecursiveComparison()
                    .ignoringFields("environment", "doubts")
                    .isEqualTo(plain);
            held++;
        }
        assertThat(held).isGreaterThanOrEqualTo(15);
    }

    @Test
    void a_wrong_default_would_be_found() {
        var environment = new HashMap<>(PROVIDER);
        environment.put("ERASE_AFTER", "P36D");

        assertThat(Config.read(environment))
                .usingRecursiveComparison()
                .ignoringFields("environment", "doubts")
                .isNotEqualTo(Config.read(PROVIDER));
    }

    /** Each variable with its default, as the table says it. */
    private static Map<String, String> table() throws IOException {
        var page = Files.readString(Path.of("docs/CONFIGURATION.md"));
        var section = page.split("## Environment\n", 2)[1].split("\n## ", 2)[0];
        var table = new LinkedHashMap<String, String>();
        section.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split(" \\| ", 3))
                .forEach(
                        cells -> {
                            var names =
                                    NAME.matcher(cells[0])
                                            .results()
                                            .map(found -> found.group(1))
                                            .toList();
                            var defaults = List.of(cells[1].split(", ", -1));
                            for (int i = 0; i < names.size(); i++) {
                                table.put(
                                        names.get(i),
                                        defaults.size() == names.size()
                                                ? defaults.get(i)
                                                : cells[1]);
                            }
                        });
        return table;
    }

    /** An environment that remembers what it was asked for. */
    private static final class Asked extends AbstractMap<String, String> {

        private final Map<String, String> content;
        private final Set<String> names = new TreeSet<>();

        Asked(Map<String, String> content) {
            this.content = content;
        }

        @Override
        public @Nullable String get(@Nullable Object key) {
            names.add(String.valueOf(key));
            return content.get(key);
        }

        @Override
        public boolean containsKey(@Nullable Object key) {
            names.add(String.valueOf(key));
            return content.containsKey(key);
        }

        @Override
        public Set<Entry<String, String>> entrySet() {
            return content.entrySet();
        }
    }
}
