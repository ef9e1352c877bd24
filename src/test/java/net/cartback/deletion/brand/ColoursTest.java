package net.cartback.deletion.brand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

class ColoursTest {

    @ParameterizedTest
    @CsvSource({
        "#000000, #ffffff, 21.0",
        "#ffffff, #ffffff, 1.0",
        // Known pairs of the recommendation's readers.
        "#767676, #ffffff, 4.54",
        "#777777, #ffffff, 4.48",
        "#0000ff, #ffffff, 8.59",
        "#ff0000, #ffffff, 4.00",
    })
    void contrast_is_what_the_recommendation_says(String one, String other, double ratio) {
        assertThat(Colours.contrast(one, other)).isEqualTo(ratio, offset(0.005));
        assertThat(Colours.contrast(other, one)).isEqualTo(ratio, offset(0.005));
    }

    @Test
    void text_on_any_header_can_be_read() {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            var header = "#%06x".formatted(random.nextInt(1 << 24));
            assertThat(Colours.contrast(Colours.on(header), header)).isGreaterThanOrEqualTo(4.5);
        }
    }

    @Test
    void a_ratio_that_is_refused_is_not_rounded_up_to_enough() {
        assertThat(Colours.fault("#70706e", Colours.Theme.LIGHT)).contains("4.49:1");
        assertThat(Colours.fault("#0b5394", Colours.Theme.LIGHT)).isNull();
        assertThat(Colours.fault("#9bcbff", Colours.Theme.DARK)).isNull();
    }

    /** What is checked is what the style sheet has. */
    @Test
    void the_style_sheet_has_these_colours_behind_its_text() throws IOException {
        var style = Files.readString(Path.of("src/main/resources/pages.css")).split("@media", 2);
        // What is on a button is what the accent is held to.
        assertThat(style[0]).contains("--paper:#fff;", "--ground:#f1f4f7;", "--on-accent:#fff;");
        assertThat(Colours.Theme.LIGHT.paper()).isEqualTo("#ffffff");
        assertThat(Colours.Theme.LIGHT.ground()).isEqualTo("#f1f4f7");
        var dark = style[1].substring(0, style[1].indexOf("}\n}"));
        assertThat(dark)
                .contains(
                        "--paper:" + Colours.Theme.DARK.paper() + ";",
                        "--ground:" + Colours.Theme.DARK.ground() + ";",
                        "--on-accent:" + Colours.Theme.DARK.ground());
    }
}
