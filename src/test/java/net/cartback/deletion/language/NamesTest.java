package net.cartback.deletion.language;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

class NamesTest {

    @Test
    void a_language_without_a_name_of_its_own_has_the_one_name() {
        var names = new Names("Example Shop", Map.of(Language.JAPANESE, "お店"));
        assertThat(names.in(Language.JAPANESE)).isEqualTo("お店");
        assertThat(names.in(Language.GERMAN)).isEqualTo("Example Shop");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\u200B",
                "\u202E\u2066",
                "\u3164",
                "\u0000\n",
                "\u200D",
                "\u115F",
                "\u1160",
                "\u2800",
                "\uFFA0"
            })
    void what_shows_nothing_is_no_name(String name) {
        assertThat(Names.visible(name)).isEmpty();
    }

    /** The contract lists the languages that there are. */
    @Test
    void the_contract_names_each_language() throws IOException {
        assertThat(Files.readString(Path.of("openapi.yaml")))
                .contains(
                        Arrays.stream(Language.values())
                                .map(Language::tag)
                                .collect(
                                        Collectors.joining(", ", "propertyNames: {enum: [", "]}")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "7", "店", "دكان", "🛒", "C&A", "!!!", "---", "می\u200Cخواهم"})
    void what_shows_something_stays(String name) {
        assertThat(Names.visible(name)).isEqualTo(name);
    }
}
