package net.cartback.deletion.status;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.Browser;
import net.cartback.deletion.fixtures.Browser.Medium;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.page.PseudoLanguage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Much longer words break no page, and no word of a page comes from elsewhere. */
class PseudoLanguageBrowserIT {

    @TempDir static Path directory;

    @Test
    void every_situation_fits_a_phone_and_a_desk() throws IOException {
        try (var browser = new Browser(directory.resolve("profile"))) {
            for (var situation : SampleStatuses.situations().toList()) {
                for (var language : List.of(Language.ENGLISH, Language.ARABIC)) {
                    var html = SampleStatuses.html(situation, PseudoLanguage.words(language));
                    var page =
                            Files.writeString(directory.resolve(situation + ".html"), html, UTF_8);
                    for (int width : new int[] {320, 1280}) {
                        browser.on(width, Medium.LIGHT).open(page.toUri());
                        assertThat(browser.fits()).as(situation + " at " + width).isTrue();
                    }
                    browser.picture("pseudo-" + situation + "-" + language.tag());
                    assertThat(unbracketed(browser.text())).as(situation).isEmpty();
                }
            }
        }
    }

    /** Lines with letters that are neither of the words nor of what the samples name. */
    private static List<String> unbracketed(String text) {
        var rest = text;
        // A value may have words of its own.
        for (var before = ""; !before.equals(rest); ) {
            before = rest;
            rest = rest.replaceAll("(?s)\\[[^\\[\\]]*]", "");
        }
        return Stream.of(rest.split("\\R"))
                .map(
                        line ->
                                line.replaceAll(
                                                "([0-9A-Z]{5} )+[0-9A-Z]|\\d+ \\p{L}+"
                                                        + " \\d{4}|Example Shop|Customer records",
                                                "")
                                        .strip())
                .filter(line -> line.matches(".*\\p{L}.*"))
                .filter(
                        line ->
                                Stream.of(Language.values())
                                        .noneMatch(l -> l.ownName().equals(line)))
                .toList();
    }
}
