package net.cartback.deletion.brand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.regex.Pattern.DOTALL;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.yaml.InvalidFile;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

class BrandReaderTest {

    private static final Path FOLDER = Path.of("src/test/resources/brand");

    /** The example that people copy is one that works. */
    @Test
    void the_documented_example_can_be_read() throws IOException {
        var page = Files.readString(Path.of("docs/CONFIGURATION.md"));
        var example =
                Pattern.compile("## The brand file\n.*?```yaml\n(.*?)```", DOTALL).matcher(page);
        assertThat(example.find()).isTrue();

        var brand = BrandReader.read(example.group(1), Map.of(), FOLDER);

        var name = Objects.requireNonNull(brand.name());
        assertThat(name.in(Language.JAPANESE)).isNotEqualTo(name.name());
        assertThat(brand.logos()).hasSize(2);
        assertThat(brand.contact()).isNotNull();
        assertThat(brand.address()).isNotEmpty();
        assertThat(brand.privacyPolicy()).isNotNull();
        assertThat(brand.complaintsOrContact()).isNotEqualTo(brand.contact());
        assertThat(brand.authority()).isNotNull();
        assertThat(brand.backups()).isNotNull();
        assertThat(brand.otherWays()).isNotEmpty();
        assertThat(brand.css()).contains("--accent:", "--header:", "--on-header:");
    }

    @Test
    void what_is_not_said_is_not_there() {
        var brand = BrandReader.read("name: Cart Back\n", Map.of(), FOLDER);
        assertThat(brand.css()).isEmpty();
        assertThat(brand.logos()).isEmpty();
        assertThat(brand.complaintsOrContact()).isNull();
        assertThat(brand.otherWays()).isEmpty();
    }

    /** A logo is drawn for what is behind it. */
    @Test
    void a_logo_keeps_its_ground_in_the_dark_unless_there_is_another() {
        assertThat(css("logo: logo.svg")).isEqualTo(":root{--header:#f1f4f7;--on-header:#000000;}");
        assertThat(css("logo: logo.svg\nlogo_dark: logo-dark.svg")).isEmpty();
        var white = "colours: {light: {header: \"#ffffff\"}}";
        assertThat(css("logo: logo.svg\n" + white)).doesNotContain("dark");
        for (var each : new String[] {"logo: logo.svg\nlogo_dark: logo-dark.svg\n", ""}) {
            assertThat(css(each + white))
                    .contains(
                            "@media screen and (prefers-color-scheme:dark)"
                                    + "{:root{--header:#0f151b;--on-header:#ffffff;}}");
        }
    }

    private static String css(String yaml) {
        return BrandReader.read("name: Cart Back\n" + yaml, Map.of(), FOLDER).css();
    }

    /** Words of a sentence are no placeholder, and a block of text may end with a line break. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "backups: {en: We replace media after 35 days., fr: Échange mensuel des bandes.}",
                "backups:\n  en: >\n    Copies end\n    after 35 days.\n",
            })
    void a_sentence_is_written_as_people_write(String yaml) {
        assertThat(BrandReader.read(yaml, Map.of(), FOLDER).backups()).isNotNull();
    }

    @Test
    void complaints_go_to_the_contact_if_nowhere_else() {
        var brand = BrandReader.read("contact: privacy@example.com\n", Map.of(), FOLDER);
        assertThat(brand.complaintsOrContact()).isEqualTo(brand.contact());
    }

    @Test
    void a_variable_is_filled_in() {
        var brand =
                BrandReader.read(
                        "contact: \"${MAIL}\"\n", Map.of("MAIL", "privacy@example.com"), FOLDER);
        assertThat(brand.contact())
                .hasToString("Contact[link=mailto:privacy@example.com, text=privacy@example.com]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a@b",
                "a b@example.com",
                "a@example.com,b@example.com",
                "a@example.com?subject=x",
                "a@exa\"mple.com",
                "javascript:alert(1)",
                "https://",
                "https:///x",
                "https://exämple.com/",
                "https://example.com/ x",
                "//example.com",
                "data:text/html,x",
                "HTTPS://example.com",
                "https://example.com:99999/",
            })
    void only_a_mail_address_or_a_page_is_a_contact(String text) {
        assertThat(Contact.of(text)).isNull();
    }

    @Test
    void every_fault_is_told_at_once() {
        assertThatThrownBy(
                        () ->
                                BrandReader.read(
                                        "{contact: x, complaints: y, privacy_policy: z}",
                                        Map.of(),
                                        FOLDER))
                .isInstanceOfSatisfying(InvalidFile.class, e -> assertThat(e.faults()).hasSize(3));
    }
}
