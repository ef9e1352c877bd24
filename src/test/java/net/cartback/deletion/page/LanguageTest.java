package net.cartback.deletion.page;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.page.Value.Name;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Map;

class LanguageTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "de | GERMAN",
                "DE-AT | GERMAN",
                "pt-BR,pt;q=0.9,en;q=0.8 | PORTUGUESE",
                "in | INDONESIAN",
                "fr;q=0.2, ja;q=0.9 | JAPANESE",
                "zh-Hant, ar;q=0.5 | ARABIC",
                "zh | ENGLISH",
                "* | ENGLISH",
                "th;q=0, vi;q=0.1 | VIETNAMESE",
                "xx_YY | ENGLISH",
                "en;q=2 | ENGLISH",
                "en;q=abc | ENGLISH",
                ";;; | ENGLISH",
                "'' | ENGLISH",
            })
    void a_browser_gets_what_it_likes_best(String header, Language language) {
        assertThat(Language.ofHeader(header)).isEqualTo(language);
    }

    @Test
    void a_browser_that_says_nothing_or_far_too_much_gets_english() {
        assertThat(Language.ofHeader(null)).isEqualTo(Language.ENGLISH);
        assertThat(Language.ofHeader("de,".repeat(100))).isEqualTo(Language.ENGLISH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xx", "english", "d", "../../etc", "de\n", "-"})
    void what_names_no_language_chooses_none(String tag) {
        assertThat(Language.ofTag(tag)).isEmpty();
    }

    @Test
    void a_tag_may_say_more_than_the_language() {
        assertThat(Language.ofTag("PT-br")).contains(Language.PORTUGUESE);
        assertThat(Language.ofTag("zh-TW")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ENGLISH | 31 December 2032",
                "GERMAN | 31. Dezember 2032",
                "JAPANESE | 2032年12月31日",
                // Buddhist years are usual there: the era says that this is none.
                "THAI | 31 ธันวาคม ค.ศ. 2032",
                "ARABIC | 31 ديسمبر 2032",
            })
    void a_day_is_written_as_the_language_does(Language language, String written) {
        assertThat(show(language, new Value.Day(LocalDate.of(2032, 12, 31))))
                .isEqualTo("<time datetime=\"2032-12-31\">" + written + "</time>");
    }

    @ParameterizedTest
    @EnumSource(Language.class)
    void a_moment_is_in_utc_and_to_the_minute(Language language) {
        assertThat(show(language, new Value.Moment(Instant.parse("2026-11-25T14:05:59.999Z"))))
                .startsWith("<time datetime=\"2026-11-25T14:05:00Z\">")
                .contains("14:05", "UTC", "2026", "25");
    }

    /** Markup, marks that turn the direction, and what shows nothing change no structure. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<script>x</script> | <bdi>&lt;script&gt;x&lt;/script&gt;</bdi>",
                "\"a\" & 'b' | <bdi>\"a\" &amp; 'b'</bdi>",
            })
    void a_name_is_text(String name, String html) {
        assertThat(show(Language.ENGLISH, new Name(name))).isEqualTo(html);
    }

    @Test
    void a_name_has_no_marks_that_turn_the_direction() {
        assertThat(show(Language.ARABIC, new Name("a\u202Eb\u2066c\u2069\u0000\n\u2028d")))
                .isEqualTo("<bdi>a b c d</bdi>");
        var sentence =
                Words.of(Language.ARABIC)
                        .say("ask.title.app", Map.of("app", new Name("\u2069\u202Eevil")));
        assertThat(sentence.text()).contains("\u2068evil\u2069").doesNotContain("\u202E");
    }

    private static String show(Language language, Value value) {
        return Words.of(language).show(value).toString();
    }
}
