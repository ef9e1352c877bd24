package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.FakeProvider;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** Who may do what, over every route of the contract. */
class AccessIT {

    private TestRelay relay;
    private FakeProvider provider;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        provider = new FakeProvider(() -> relay.clock().instant());
        relay = new TestRelay(provider.settings());
        crm = new FakeClientSystem("crm");
        relay.register(crm);
    }

    @AfterEach
    void stop() {
        relay.close();
        provider.close();
        crm.close();
    }

    /** Fetch Metadata and RFC 6454: browsers say where a request comes from. */
    @ParameterizedTest
    @CsvSource({
        "Sec-Fetch-Site, cross-site, 403",
        "Sec-Fetch-Site, same-site, 403",
        "Sec-Fetch-Site, same-origin, 200",
        "Sec-Fetch-Site, none, 200",
        "Origin, https://evil.example, 403",
        "Origin, null, 403",
        "X-Other, of no browser, 200",
    })
    void a_page_of_another_site_makes_no_browser_act(String header, String value, int expected) {
        var pause =
                HttpRequest.newBuilder(relay.managementUri().resolve("/admin/v1/systems/crm/pause"))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .header("Content-Type", "application/json")
                        .header(header, value)
                        .POST(HttpRequest.BodyPublishers.ofString("{\"by\":\"x\",\"why\":\"y\"}"))
                        .build();
        assertThat(Http.send(pause).statusCode()).isEqualTo(expected);
        var read =
                HttpRequest.newBuilder(relay.managementUri().resolve("/admin/v1/systems"))
                        .header("Authorization", "Bearer " + TestRelay.ADMIN_TOKEN)
                        .header(header, value)
                        .build();
        assertThat(Http.send(read).statusCode()).isEqualTo(200);
    }

    @Test
    void every_route_lets_in_whom_the_contract_says_and_nobody_else() throws IOException {
        var table = new ArrayList<String>();
        var refused = new ArrayList<String>();
        var contract = Contract.load();
        for (var operation : contract.operations()) {
            var needed = contract.role(operation).map(name -> Role.named(name).orElseThrow());
            // What the route does for the one who may do everything: it was given nothing to do.
            int done = status(operation, "Bearer " + TestRelay.ADMIN_TOKEN);
            var row = new StringBuilder("%-60s".formatted(operation));
            for (var token : tokens().entrySet()) {
                int expected =
                        needed.isEmpty() || token.getValue().may(needed.get())
                                ? done
                                : token.getValue().isKnown() ? 403 : 401;
                int actual = status(operation, token.getValue().header());
                row.append(' ').append(actual);
                if (actual != expected) {
                    refused.add(
                            operation
                                    + " with "
                                    + token.getKey()
                                    + ": "
                                    + actual
                                    + ", and not "
                                    + expected);
                }
            }
            assertThat(done).as(operation).isNotIn(401, 403, 429, 500);
            table.add(row.toString());
        }
        Files.write(Path.of("target/access.txt"), table);
        assertThat(refused).isEmpty();
        assertThat(table).hasSizeGreaterThan(25);
        assertThat(table.stream().filter(row -> row.contains("401")).count()).isGreaterThan(15);
    }

    /** A kind of caller: what is sent, and what that one may do; null: nobody who is known. */
    private record Sent(String header, @Nullable Role role, boolean isKnown) {
        boolean may(Role needed) {
            return role != null && role.covers(needed);
        }
    }

    private Map<String, Sent> tokens() {
        var tokens = new LinkedHashMap<String, Sent>();
        tokens.put("no token", nobody(""));
        tokens.put(
                "expired",
                nobody(
                        provider.token(
                                "relay-admins",
                                claims ->
                                        claims.expirationTime(
                                                Date.from(
                                                        relay.clock()
                                                                .instant()
                                                                .minusSeconds(120))))));
        tokens.put(
                "wrong audience",
                nobody(provider.token("relay-admins", claims -> claims.audience("another"))));
        tokens.put("alg none", nobody(provider.unsigned("relay-admins")));
        tokens.put("alg HS256 with the public key", nobody(provider.confused("relay-admins")));
        tokens.put(
                "wrong issuer",
                nobody(
                        provider.token(
                                "relay-admins",
                                claims -> claims.issuer("https://evil.example.com"))));
        tokens.put("no role", new Sent("Bearer " + provider.token("somebody"), null, true));
        tokens.put(
                "viewer", new Sent("Bearer " + provider.token("relay-viewers"), Role.VIEWER, true));
        tokens.put(
                "operator",
                new Sent("Bearer " + provider.token("relay-operators"), Role.OPERATOR, true));
        tokens.put("admin", new Sent("Bearer " + provider.token("relay-admins"), Role.ADMIN, true));
        return tokens;
    }

    private static Sent nobody(String token) {
        return new Sent(token.isEmpty() ? "" : "Bearer " + token, null, false);
    }

    private int status(String operation, String authorization) {
        // Whatever was wrong before must not count here.
        var parts = operation.split(" ", 2);
        relay.clock().advance(Duration.ofSeconds(3));
        var path =
                parts[1].replaceAll(
                                "\\{(delivery_id|test_id)}", "01a20b37-6818-742c-a798-ff2abbc8b3f3")
                        .replaceAll("\\{[a-z_]+}", "1");
        var request =
                HttpRequest.newBuilder(relay.uri(path))
                        .method(parts[0], HttpRequest.BodyPublishers.noBody());
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        return Http.send(request.build()).statusCode();
    }

    @Test
    void an_operator_of_the_provider_stays_the_same_while_keys_change() {
        assertThat(test("one")).isEqualTo(202);
        var now = relay.clock().instant();
        relay.keyring()
                .reload(
                        new KeyMaker(new SecureRandom())
                                .rotate(
                                        relay.keyringFile(),
                                        EnumSet.of(Keyring.Kind.INDEX),
                                        now.plusSeconds(3_600),
                                        now));
        relay.clock().advance(Duration.ofHours(1));

        assertThat(test("one")).isEqualTo(202);
        assertThat(relay.count("SELECT count(*) FROM test_delivery")).isOne();
        assertThat(test("two")).isEqualTo(202);
    }

    private int test(String key) {
        return Http.send(
                        HttpRequest.newBuilder(relay.uri("/admin/v1/systems/crm/tests"))
                                .header("Authorization", "Bearer " + provider.token("relay-admins"))
                                .header("Idempotency-Key", key)
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"by\":\"op\",\"why\":\"a test\"}"))
                                .build())
                .statusCode();
    }

    @Test
    void a_token_without_subject_or_end_is_not_taken() {
        assertThat(list(provider.token("relay-admins"))).isEqualTo(200);
        assertThat(list(provider.token("relay-admins", claims -> claims.subject(null))))
                .isEqualTo(401);
        assertThat(list(provider.token("relay-admins", claims -> claims.subject(" "))))
                .isEqualTo(401);
        assertThat(list(provider.token("relay-admins", claims -> claims.expirationTime(null))))
                .isEqualTo(401);
        assertThat(
                        list(
                                provider.token(
                                        "relay-admins",
                                        claims ->
                                                claims.notBeforeTime(
                                                        Date.from(
                                                                relay.clock()
                                                                        .instant()
                                                                        .plusSeconds(600))))))
                .isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "JWT, 200",
        "at+jwt, 200",
        "application/at+jwt, 200",
        "dpop+jwt, 401",
        "logout+jwt, 401"
    })
    void a_token_is_taken_for_what_its_type_says(String type, int status) {
        assertThat(list(provider.token("relay-admins", type))).isEqualTo(status);
    }

    @Test
    void a_new_key_of_the_provider_is_found_and_its_outage_is_outlasted() {
        assertThat(list(provider.token("relay-viewers"))).isEqualTo(200);
        assertThat(list(provider.token("relay-viewers"))).isEqualTo(200);
        assertThat(provider.reads()).isEqualTo(1);

        var old = provider.token("relay-viewers");
        provider.rotate();
        assertThat(list(provider.token("relay-viewers"))).isEqualTo(200);
        assertThat(list(old)).isEqualTo(401);

        provider.breakDown();
        assertThat(list(provider.token("relay-viewers"))).isEqualTo(200);
    }

    @Test
    void while_the_provider_was_never_reached_nobody_of_its_is_let_in_or_turned_away() {
        var token = provider.token("relay-viewers");
        provider.breakDown();
        var reply = send(token);
        assertThat(reply.statusCode()).isEqualTo(503);
        assertThat(reply.headers().firstValue("Retry-After")).contains("30");
        assertThat(list(TestRelay.ADMIN_TOKEN)).isEqualTo(200);
    }

    @Test
    void a_static_token_is_kept_as_a_digest_and_is_taken_until_it_is_over_or_revoked() {
        var end = relay.clock().instant().plusSeconds(60);
        var token = relay.token("ci", Role.VIEWER, end);
        assertThat(token).matches("relay_[A-Za-z0-9_-]{43}");
        assertThat(relay.texts("SELECT encode(digest, 'hex') || name FROM operator_token"))
                .noneMatch(each -> each.contains(token));
        assertThat(list(token)).isEqualTo(200);
        relay.clock().advance(Duration.ofSeconds(60));
        assertThat(list(token)).isEqualTo(401);

        var other = relay.token("ops", Role.OPERATOR, null);
        assertThat(list(other)).isEqualTo(200);
        assertThat(relay.tokens().revoke("ops")).isTrue();
        assertThat(list(other)).isEqualTo(401);
        assertThat(relay.tokens().revoke("ops")).isFalse();
        assertThat(relay.tokens().add("ops", Role.ADMIN, null, new SecureRandom())).isEmpty();
    }

    @Test
    void the_audit_trail_says_which_token_did_it_and_no_person_s_address() {
        var token = relay.token("night-shift", Role.OPERATOR, null);
        pause(token);
        relay.admin("/systems/crm/resume", "");
        pause(provider.token("relay-operators"));

        var actors =
                relay.texts("SELECT actor FROM audit WHERE event = 'operator.pause' ORDER BY id");
        assertThat(actors).hasSize(2);
        assertThat(actors.getFirst()).isEqualTo("operator:night-shift");
        assertThat(actors.getLast()).matches("operator:oidc-[0-9a-f]{16}");
        assertThat(
                        relay.texts(
                                "SELECT event || ' ' || detail FROM audit WHERE event LIKE"
                                        + " 'token.%'"))
                .containsExactly("token.added night-shift");
        assertThat(relay.admin("/systems/crm/actions").body()).contains("operator:night-shift");
    }

    @Test
    void who_guesses_is_slowed_and_the_rightful_are_not() throws Exception {
        var known = relay.token("known", Role.VIEWER, null);
        var fresh = relay.token("fresh", Role.VIEWER, null);
        assertThat(list(known)).isEqualTo(200);
        for (int i = 0; i < 20; i++) {
            assertThat(list("relay_guess_" + i)).isEqualTo(401);
        }
        var statuses = new ArrayList<Integer>();
        long began = System.nanoTime();
        // Refused is who comes while others wait: on a busy machine not in each round.
        var end = Instant.now().plus(Duration.ofMinutes(3));
        while (!statuses.contains(429) && Instant.now().isBefore(end)) {
            statuses.clear();
            guess(statuses, known, fresh);
        }
        assertThat(statuses).containsOnly(401, 429);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isGreaterThan(Duration.ofMillis(900));
        relay.clock().advance(Duration.ofSeconds(61));
        assertThat(list("relay_guess_again")).isEqualTo(401);
    }

    private void guess(List<Integer> statuses, String known, String fresh) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<Integer>>();
            for (int i = 0; i < 30; i++) {
                var guess = "relay_another_" + i;
                tasks.add(() -> list(guess));
            }
            var running = tasks.stream().map(executor::submit).toList();
            assertThat(list(known)).isEqualTo(200);
            assertThat(list(TestRelay.ADMIN_TOKEN)).isEqualTo(200);
            assertThat(list(fresh)).isEqualTo(200);
            for (var each : running) {
                statuses.add(each.get());
            }
        }
    }

    private void pause(String token) {
        var reply =
                Http.send(
                        request(token, "/systems/crm/pause")
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"by\": \"Dana\", \"why\": \"a test\"}"))
                                .build());
        assertThat(reply.statusCode()).isEqualTo(200);
    }

    private int list(String token) {
        return send(token).statusCode();
    }

    private HttpResponse<String> send(String token) {
        return Http.send(request(token, "/systems").build());
    }

    private HttpRequest.Builder request(String token, String path) {
        return HttpRequest.newBuilder(relay.uri("/admin/v1" + path))
                .header("Authorization", "Bearer " + token);
    }
}
