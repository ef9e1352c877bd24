package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.Browser;
import net.cartback.deletion.fixtures.Browser.Medium;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.HtmlChecker;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.language.Language;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Every situation and every page in a real browser, in languages of each script: what the list of
 * the law's contents demands is there, everybody can read it, and it fits a phone.
 */
class StatusStatesBrowserIT {

    private static final Path LIST = Path.of("docs/STATUS-PAGE.md");
    private static final Pattern KEY = Pattern.compile("`([a-z_.]+)`");
    private static final int PHONE = 320;
    private static final int DESK = 1280;

    private static final String DELETED = "{\"outcome\":\"deleted\"}";
    private static final String NOTHING = "{\"outcome\":\"nothing_found\"}";
    private static final String RETAINED =
            "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"},"
                + "{\"category\":\"messages\",\"ground\":\"legal_claims\",\"until\":null}]}";
    private static final String REFUSED =
            "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}";
    private static final String LEGAL = "\"ground\": \"legal_claims\"";

    @TempDir static Path profile;

    private static TestRelay relay;
    private static FakeClientSystem crm;
    private static FakeClientSystem shop;
    private static Browser browser;

    /** Where each situation is to be seen. */
    private static final Map<String, URI> SITUATIONS = new LinkedHashMap<>();

    /** Where each other page is to be seen. */
    private static final Map<String, URI> OTHERS = new LinkedHashMap<>();

    private static final Set<String> REQUESTS = new HashSet<>();

    /** The id of the request that came last. */
    private static String request = "";

    @BeforeAll
    static void start() {
        browser = new Browser(profile);
        crm = new FakeClientSystem("crm").answers(202, "");
        shop = new FakeClientSystem("shop").answers(202, "");
        relay = new TestRelay().register(crm, shop);
        var delayed = ask();
        var extended = ask();
        act("extend", "\"ground\": \"complexity\", \"days\": 60");
        relay.clock().advance(Duration.ofDays(31));
        SITUATIONS.put("delayed", delayed);
        SITUATIONS.put("extended", extended);
        SITUATIONS.put("received", ask());
        SITUATIONS.put("in_progress", answered(DELETED));
        SITUATIONS.put("held", answered(DELETED));
        act("hold", LEGAL);
        SITUATIONS.put("deleted", answered(DELETED, NOTHING));
        SITUATIONS.put("retained", answered(RETAINED, REFUSED));
        SITUATIONS.put("nothing_found", answered(NOTHING, NOTHING));
        SITUATIONS.put("refused", answered(REFUSED, REFUSED));
        SITUATIONS.put("unconfirmed", answered(DELETED));
        relay.admin("/deliveries/" + deliveries().getLast() + "/close-unconfirmed", "");
        SITUATIONS.put("kept_for_law", answered(DELETED, DELETED));
        act("hold", LEGAL);
        relay.register("apps: [{id: '" + TestRelay.APP_ID + "', systems: []}]");
        SITUATIONS.put("nobody_yet", ask());
        SITUATIONS.put("nobody_asked", ask());
        act("close-unconfirmed", "");
        relay.register(
                "apps: [{id: '7777777777', name: Old Shop, platform: facebook, state: retired,"
                        + " secrets: [{value: 0123456789abcdef0123456789abcdef}], systems: []}]");
        OTHERS.put("enter", relay.uri("/status"));
        OTHERS.put("ask", relay.uri("/"));
        OTHERS.put("ask-app", relay.uri("/meta/" + TestRelay.APP_ID));
        OTHERS.put("removed-app", relay.uri("/meta/" + TestRelay.APP_ID + "/deauthorize"));
        OTHERS.put("not-found", relay.uri("/status/wrong"));
        OTHERS.put("page-missing", relay.uri("/nowhere"));
        OTHERS.put("ended", relay.uri("/meta/7777777777"));
    }

    @AfterAll
    static void stop() {
        if (relay != null) {
            relay.close();
            crm.close();
            shop.close();
        }
        if (browser != null) {
            browser.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ENGLISH", "GERMAN", "ARABIC", "JAPANESE", "THAI"})
    void each_situation_says_what_it_must_and_everybody_can_read_it(Language language)
            throws IOException {
        var words = words(language);
        for (var situation : SITUATIONS.entrySet()) {
            var name = situation.getKey() + "-" + language.tag();
            look(name, in(situation.getValue(), language));
            var text = flat(browser.text());
            var demanded = new ArrayList<>(listed().get("every"));
            demanded.addAll(listed().get(situation.getKey()));
            // For who prints it; the paper is looked at below.
            demanded.remove("record.address");
            for (var key : demanded) {
                assertThat(text).as(name + ": " + key).containsSubsequence(pieces(words, key));
            }
            browser.on(DESK, Medium.PAPER);
            assertThat(flat(browser.text()))
                    .as(name + " on paper")
                    .contains(relay.uri("/status/").toString());
            if (language == Language.ENGLISH) {
                browser.picture(name + "-paper");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ENGLISH", "GERMAN", "ARABIC", "JAPANESE", "THAI"})
    void each_other_page_can_be_read_by_everybody(Language language) {
        OTHERS.forEach((name, page) -> look(name + "-" + language.tag(), in(page, language)));
    }

    @Test
    void pages_keep_their_parts_apart_in_colours_that_the_person_has_set() {
        for (var page : List.of(SITUATIONS.get("retained"), OTHERS.get("enter"))) {
            browser.on(PHONE, Medium.FORCED).open(page);
            assertThat(browser.barriers()).isEmpty();
        }
        browser.picture("enter-forced-colours");
    }

    /**
     * On a phone in the dark, and at a desk in the light. Barriers lie in the structure and the
     * colours, which differ by direction and not by language; so they are looked for in English and
     * in Arabic.
     */
    private static void look(String name, URI page) {
        boolean isForBarriers = name.matches(".*-(en|ar)");
        browser.on(PHONE, Medium.DARK).open(page);
        assertThat(browser.fits()).as(name + " fits a phone").isTrue();
        if (isForBarriers) {
            assertThat(browser.barriers()).as(name + " on a phone").isEmpty();
        }
        browser.picture(name + "-phone");
        browser.on(DESK, Medium.LIGHT);
        assertThat(browser.fits()).as(name + " fits a desk").isTrue();
        if (name.endsWith("-en")) {
            assertThat(browser.barriers()).as(name + " at a desk").isEmpty();
        }
        browser.picture(name + "-desk");
    }

    @Test
    void the_checker_of_html_finds_nothing_on_any_page_in_any_language() throws IOException {
        var folder = Files.createDirectories(Path.of("target/pages"));
        var files = new ArrayList<Path>();
        var pages = new LinkedHashMap<>(SITUATIONS);
        pages.putAll(OTHERS);
        for (var page : pages.entrySet()) {
            for (var language : Language.values()) {
                var reply =
                        Http.sendUnchecked(
                                HttpRequest.newBuilder(in(page.getValue(), language))
                                        .header("Accept", "text/html")
                                        .build());
                assertThat(reply.headers().firstValue("Content-Language")).hasValue(language.tag());
                assertThat(reply.headers().firstValue("Vary")).hasValue("Accept, Accept-Language");
                assertThat(reply.body())
                        .doesNotContain("<script", "style=", "javascript:")
                        .doesNotContainPattern("<[^>]* on[a-z]+=")
                        .hasSizeLessThan(30_000);
                files.add(
                        Files.writeString(
                                folder.resolve(page.getKey() + "-" + language.tag() + ".html"),
                                reply.body()));
            }
        }
        assertThat(HtmlChecker.faults(files)).isEmpty();
    }

    private static URI in(URI page, Language language) {
        return URI.create(page + "?lang=" + language.tag());
    }

    private static URI ask() {
        var code = relay.metaAsksToDelete("1000" + REQUESTS.size());
        relay.dispatchOnce();
        for (var id : relay.texts("SELECT id::text FROM deletion_request")) {
            request = REQUESTS.add(id) ? id : request;
        }
        return relay.uri("/status/" + code);
    }

    /** A request that the first systems have answered so. */
    private static URI answered(String... receipts) {
        var status = ask();
        var secrets = List.of(crm.secret(), shop.secret());
        for (int i = 0; i < receipts.length; i++) {
            assertThat(relay.receipt(deliveries().get(i), secrets.get(i), receipts[i]).statusCode())
                    .isEqualTo(204);
        }
        return status;
    }

    /** Of the request that came last: that of the CRM, and that of the shop. */
    private static List<String> deliveries() {
        return relay.texts(
                "SELECT id::text FROM delivery WHERE request_id = '"
                        + request
                        + "' ORDER BY system_id");
    }

    private static void act(String verb, String fields) {
        assertThat(relay.admin("/requests/" + request + "/" + verb, fields).statusCode())
                .isEqualTo(200);
    }

    /** What each situation must say, by name. */
    private static Map<String, List<String>> listed() throws IOException {
        var listed = new TreeMap<String, List<String>>();
        for (var line : Files.readAllLines(LIST)) {
            var cells = line.split("\\|", -1);
            if (cells.length == 6) {
                var keys = listed.computeIfAbsent(cells[1].strip(), each -> new ArrayList<>());
                KEY.matcher(cells[3]).results().forEach(found -> keys.add(found.group(1)));
            }
        }
        return listed;
    }

    private static Properties words(Language language) throws IOException {
        var words = new Properties();
        try (var file =
                Files.newBufferedReader(
                        Path.of("src/main/resources/words/" + language.tag() + ".properties"))) {
            words.load(file);
        }
        return words;
    }

    /** A sentence around its values. */
    private static List<String> pieces(Properties words, String key) {
        var sentence = words.getProperty(key);
        assertThat(sentence).as(key).isNotNull();
        var pieces = new ArrayList<String>();
        for (var piece : sentence.split("\\{\\w+\\}", -1)) {
            if (!piece.isBlank()) {
                pieces.add(flat(piece).strip());
            }
        }
        return pieces;
    }

    private static String flat(String text) {
        return text.replaceAll("[\\s\\u00a0\\u202f]+", " ");
    }
}
