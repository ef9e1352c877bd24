package net.cartback.deletion.command;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.registry.AppSecret;
import net.cartback.deletion.terms.MetaAppId;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.net.URI;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Whether Meta's calls arrive can be tried from outside, and whoever tries is told what is wrong.
 */
class CallbackCheckIT {

    private static final MetaAppId APP = new MetaAppId(TestRelay.APP_ID);
    private static final AppSecret SECRET =
            new AppSecret(new UUID(0, 1), "facebook", TestRelay.APP_SECRET, null);

    private TestRelay relay;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        relay.register(TestRelay.app(List.of()));
    }

    @AfterEach
    void stop() {
        relay.close();
    }

    @Test
    void a_relay_that_verifies_is_told_and_nothing_is_recorded() {
        try (var check = check(relay.uri(""))) {
            for (var path : List.of("data-deletion", "deauthorize")) {
                var answer = check.callback(APP, path, SECRET);

                assertThat(answer.fault()).isNull();
                assertThat(answer.toString())
                        .startsWith("ok ")
                        .contains(path, "facebook")
                        .doesNotContain(TestRelay.APP_SECRET);
            }
            assertThat(check.page("/status").fault()).isNull();
            assertThat(check.statusOfNobody().fault()).isNull();
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isZero();
    }

    @Test
    void a_secret_that_is_not_the_relays_is_told() {
        var other = new AppSecret(new UUID(0, 2), null, "fedcba9876543210", null);
        try (var check = check(relay.uri(""))) {
            assertThat(check.callback(APP, "data-deletion", other).fault())
                    .contains("another secret for this app");
        }
    }

    @Test
    void a_relay_that_does_not_know_the_app_or_has_retired_it_is_told() {
        try (var check = check(relay.uri(""))) {
            assertThat(check.callback(new MetaAppId("77"), "data-deletion", SECRET).fault())
                    .contains("does not know this app");
        }
        relay.register("apps: [{id: \"%s\", state: retired}]".formatted(TestRelay.APP_ID));
        try (var check = check(relay.uri(""))) {
            assertThat(check.callback(APP, "data-deletion", SECRET).fault()).contains("retired");
        }
    }

    static Stream<Arguments> strangers() {
        return Stream.of(
                Arguments.of(
                        aResponse().withStatus(301).withHeader("Location", "https://www.example/x"),
                        "redirects to https://www.example/x"),
                Arguments.of(
                        aResponse().withStatus(200).withHeader("Content-Type", "text/html"),
                        "answers 200 text/html, and this is no relay's answer"),
                Arguments.of(
                        aResponse().withStatus(404).withBody("{\"type\": \"about:blank\"}"),
                        "answers 404 without a type, and this is no relay's answer"),
                Arguments.of(
                        aResponse()
                                .withStatus(400)
                                .withBody("{\"type\":\"urn:deletion-relay:problem:missing\"}"),
                        "the body did not arrive"),
                Arguments.of(
                        aResponse()
                                .withStatus(503)
                                .withBody("{\"type\":\"urn:deletion-relay:problem:unavailable\"}"),
                        "answers 503 unavailable: try again"));
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void whatever_else_answers_there_is_told(ResponseDefinitionBuilder answer, String sentence) {
        try (var stranger = new FakeClientSystem("stranger").answers(answer);
                var check = check(URI.create(stranger.url()).resolve("/"))) {
            assertThat(check.callback(APP, "data-deletion", SECRET).fault()).contains(sentence);
        }
    }

    @Test
    void a_site_that_answers_everything_is_no_relay() {
        try (var site =
                        new FakeClientSystem("site")
                                .answers(
                                        aResponse()
                                                .withStatus(200)
                                                .withHeader("Content-Type", "text/html"));
                var check = check(URI.create(site.url()).resolve("/"))) {
            assertThat(check.statusOfNobody().fault()).contains("this is no relay's answer");
        }
    }

    @Test
    void an_address_that_meta_cannot_reach_is_told() {
        try (var check = check(URI.create("http://relay.example.com"))) {
            assertThat(check.isReachable().fault()).contains("https");
        }
        try (var check = check(URI.create("https://localhost"))) {
            assertThat(check.isReachable().fault()).contains("which Meta cannot reach");
        }
        try (var check = check(URI.create("https://my_host"))) {
            assertThat(check.isReachable().fault()).contains("no name");
        }
        try (var check = check(URI.create("https://[fd00::1]"))) {
            assertThat(check.isReachable().fault()).contains("which Meta cannot reach");
        }
        try (var check = check(URI.create("https://relay.invalid"))) {
            assertThat(check.isReachable().fault()).contains("has no address");
        }
        try (var check = check(URI.create("http://127.0.0.1:1"))) {
            assertThat(check.callback(APP, "data-deletion", SECRET).fault())
                    .contains("no connection");
        }
    }

    private static CallbackCheck check(URI base) {
        return new CallbackCheck(base.toString().replaceAll("/$", ""));
    }
}
