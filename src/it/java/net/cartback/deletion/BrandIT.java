package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.brand.BrandReader;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/** What the pages show of who runs the relay, and of those that it serves, by language. */
class BrandIT {

    private static final Brand BRAND =
            BrandReader.read(
                    """
                    name: Cart Back
                    names: {ja: カートバック}
                    logo: logo.svg
                    contact: privacy@example.com
                    privacy_policy: https://example.com/privacy
                    colours: {light: {accent: "#7a1f5c"}}
                    other_ways:
                      - text: {en: Write a letter.}
                    """,
                    Map.of(),
                    Path.of("src/test/resources/brand"));

    private static final String SYSTEM = "/registry/systems/crm";

    private static TestRelay relay;
    private static FakeClientSystem crm;

    @BeforeAll
    static void start() {
        crm = new FakeClientSystem("crm").answers(202, "");
        relay = TestRelay.of(BRAND).register(crm);
        relay.register(
                """
                apps:
                  - {id: "%s", names: {ja: お店, ar: متجر}}
                systems:
                  - {id: crm, public_name: The crm, public_names: {ja: 顧客名簿}}
                """
                        .formatted(TestRelay.APP_ID));
    }

    @AfterAll
    static void stop() {
        relay.close();
        crm.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/status", "/status/wrong", "/nowhere", "/meta/" + TestRelay.APP_ID})
    void every_page_says_whose_it_is_and_how_to_reach_them(String path) {
        assertThat(page(path, "de").body())
                .contains(
                        "– \u2068Cart Back\u2069</title>",
                        "alt=\"\u2068Cart Back\u2069\"",
                        "<a href=\"mailto:privacy@example.com\">privacy@example.com</a>",
                        "href=\"https://example.com/privacy\"",
                        "--accent:#7a1f5c");
        assertThat(page(path, "ja").body()).contains("<bdi>カートバック</bdi>");
    }

    /** What the policy permits is what the page has, and the other way round. */
    @Test
    void a_page_may_show_the_logo_and_the_logo_is_served_for_good() {
        var page = page("/", "en");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("img-src 'self'", "default-src 'none'", "trusted-types 'none'");
        var path = Pattern.compile("<img src=\"(/logo/[^\"]+)\"").matcher(page.body());
        assertThat(path.find()).isTrue();

        var logo = Http.send(HttpRequest.newBuilder(relay.uri(path.group(1))).build());
        assertThat(logo.statusCode()).isEqualTo(200);
        assertThat(logo.headers().firstValue("Content-Type")).hasValue("image/svg+xml");
        assertThat(logo.headers().firstValue("Cache-Control").orElse("")).contains("immutable");
        assertThat(logo.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(logo.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'", "sandbox");
        assertThat(logo.body()).startsWith("<svg");
        var head =
                Http.sendUnchecked(
                        HttpRequest.newBuilder(relay.uri(path.group(1)))
                                .method("HEAD", BodyPublishers.noBody())
                                .build());
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(
                        Http.send(HttpRequest.newBuilder(relay.uri("/logo/0000.svg")).build())
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void a_relay_without_a_logo_lets_no_page_load_a_picture() {
        try (var plain = new TestRelay()) {
            var page =
                    Http.sendUnchecked(
                            HttpRequest.newBuilder(plain.uri("/"))
                                    .header("Accept", "text/html")
                                    .build());
            assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                    .doesNotContain("img-src");
            assertThat(page.body()).doesNotContain("<img", "mailto:");
        }
    }

    /** The server takes a text of a type that it does not know for ISO 8859-1. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"größe\": 1}|größe: is not a field here",
                "{\"public_names\": [\"x\"]}|such as {en: …, de: …}",
                "{\"public_names\": {\"de\": null}}|public_names.de: has no value"
            })
    void a_refusal_is_told_in_whatever_letters(String change, String detail) {
        var reply = change(change);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Http.json(reply).get("detail").textValue()).contains(detail);
    }

    @ParameterizedTest
    @CsvSource({"ja, お店, 顧客名簿", "ar, متجر, The crm", "de, Example Shop, The crm"})
    void apps_and_organisations_have_their_names_in_the_language(
            String language, String app, String organisation) {
        var code = relay.metaAsksToDelete("1");
        assertThat(page("/status/" + code, language).body())
                .contains("<bdi>" + app + "</bdi>", "<bdi>" + organisation + "</bdi>");
        assertThat(page("/meta/" + TestRelay.APP_ID, language).body())
                .contains("<bdi>" + app + "</bdi>");
    }

    @Test
    void operators_read_and_change_names_by_language() {
        assertThat(Http.json(relay.admin(SYSTEM)).at("/public_names/ja").textValue())
                .isEqualTo("顧客名簿");
        assertThat(
                        Http.json(change("{\"public_names\": {\"fr\": \"Clients\"}}"))
                                .get("public_names"))
                .hasToString("{\"fr\":\"Clients\"}");
        assertThat(change("{\"public_names\": {\"xx\": \"a\"}}").body())
                .contains("public_names.xx", "is not a language of the pages");
        change("{\"public_names\": {\"ja\": \"顧客名簿\"}}");
    }

    @Test
    void other_ways_to_ask_are_on_the_page_for_who_wants_to() {
        assertThat(page("/", "en").body()).contains("Other ways to ask", "<p>Write a letter.</p>");
        assertThat(page("/", "fr").body())
                .contains("<span lang=\"en\" dir=\"ltr\">Write a letter.</span>");
    }

    private static HttpResponse<String> page(String path, String language) {
        return Http.sendUnchecked(
                HttpRequest.newBuilder(relay.uri(path))
                        .header("Accept", "text/html")
                        .header("Accept-Language", language)
                        .build());
    }

    private static HttpResponse<String> change(String change) {
        return Http.send(
                HttpRequest.newBuilder(relay.uri("/admin/v1" + SYSTEM))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .header("Content-Type", "application/json")
                        .header(
                                "If-Match",
                                relay.admin(SYSTEM).headers().firstValue("ETag").orElseThrow())
                        .method("PATCH", BodyPublishers.ofString(change))
                        .build());
    }
}
