package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.brand.BrandReader;
import net.cartback.deletion.fixtures.Browser;
import net.cartback.deletion.fixtures.Browser.Medium;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.HtmlChecker;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.language.Language;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The brand of the documented example on real pages: it is seen, and hinders nobody. */
class BrandBrowserIT {

    private static final Path FOLDER = Path.of("src/test/resources/brand");
    private static final int PHONE = 320;
    private static final int DESK = 1280;

    @TempDir Path directory;

    @Test
    void a_branded_page_is_readable_on_every_medium() throws IOException {
        var example =
                Files.readString(Path.of("docs/CONFIGURATION.md")).split("## The brand file", 2)[1];
        var yaml = example.split("```yaml\n", 2)[1].split("```", 2)[0];
        try (var browser = new Browser(directory.resolve("profile"));
                var relay = TestRelay.of(BrandReader.read(yaml, Map.of(), FOLDER));
                var crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}")) {
            relay.register(crm);
            var code = relay.metaAsksToDelete("1");
            relay.dispatchOnce();
            var pages = new LinkedHashMap<String, URI>();
            pages.put("status", relay.uri("/status/" + code));
            pages.put("ask", relay.uri("/"));
            pages.put("enter", relay.uri("/status"));
            pages.put("not-found", relay.uri("/status/wrong"));
            for (var page : pages.entrySet()) {
                for (var language : List.of(Language.ENGLISH, Language.ARABIC, Language.JAPANESE)) {
                    look(
                            browser,
                            "brand-" + page.getKey() + "-" + language.tag(),
                            in(page.getValue(), language));
                }
            }
            assertThat(HtmlChecker.faults(saved(pages))).isEmpty();
        }
    }

    private static void look(Browser browser, String name, URI page) {
        for (var medium : Medium.values()) {
            int width = medium == Medium.LIGHT || medium == Medium.PAPER ? DESK : PHONE;
            browser.on(width, medium).open(page);
            assertThat(browser.fits()).as(name + " in " + medium).isTrue();
            assertThat(
                            browser.driver()
                                    .executeScript(
                                            "const logo = document.querySelector('header img');"
                                                + " return logo.complete && logo.naturalWidth > 0"
                                                + " && logo.getBoundingClientRect().width > 40"))
                    .as(name + " shows its logo in " + medium)
                    .isEqualTo(true);
            if (!name.endsWith("-ja") && medium != Medium.PAPER) {
                assertThat(browser.barriers()).as(name + " in " + medium).isEmpty();
            }
            browser.picture(name + "-" + medium.name().toLowerCase(Locale.ROOT));
        }
    }

    private static List<Path> saved(Map<String, URI> pages) throws IOException {
        var folder = Files.createDirectories(Path.of("target/pages"));
        var files = new ArrayList<Path>();
        for (var page : pages.entrySet()) {
            for (var language : Language.values()) {
                var html =
                        Http.sendUnchecked(
                                        HttpRequest.newBuilder(in(page.getValue(), language))
                                                .header("Accept", "text/html")
                                                .build())
                                .body();
                assertThat(html).hasSizeLessThan(30_000);
                var name = "brand-" + page.getKey() + "-" + language.tag() + ".html";
                files.add(Files.writeString(folder.resolve(name), html));
            }
        }
        return files;
    }

    private static URI in(URI page, Language language) {
        return URI.create(page + "?lang=" + language.tag());
    }
}
