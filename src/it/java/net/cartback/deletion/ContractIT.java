package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import io.javalin.Javalin;

import net.cartback.deletion.fixtures.Contract;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.web.Routes;

import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;

class ContractIT {

    private static final Pattern MANAGED = Pattern.compile(" /(admin|metrics|health)\\b");

    @Test
    void every_route_is_documented_and_everything_documented_is_a_route() {
        try (var relay = new TestRelay()) {
            var registered = operations(relay.publicRoutes());
            registered.addAll(operations(relay.managementRoutes()));
            var documented = new TreeSet<>(Contract.load().operations());
            documented.removeIf(operation -> operation.startsWith("HEAD "));

            assertThat(registered).isEqualTo(documented);
        }
    }

    @Test
    void the_public_listener_serves_nothing_of_what_must_never_be_public() {
        try (var relay = new TestRelay()) {
            assertThat(operations(relay.publicRoutes()))
                    .isNotEmpty()
                    .noneMatch(operation -> MANAGED.matcher(operation).find());
            assertThat(operations(relay.managementRoutes()))
                    .isNotEmpty()
                    .allMatch(operation -> MANAGED.matcher(operation).find());
            var beside = relay.uri("/status").resolve("/admin/v1/attention");
            assertThat(Http.sendUnchecked(HttpRequest.newBuilder(beside).build()).statusCode())
                    .isEqualTo(404);
        }
    }

    private static Set<String> operations(List<Routes> all) {
        var operations = new TreeSet<String>();
        var javalin = Javalin.create(config -> all.forEach(each -> each.addTo(config.routes)));
        for (var each : javalin.unsafe.internalRouter.allHttpHandlers()) {
            if (each.endpoint.method.isHttpMethod()) {
                operations.add(each.endpoint.method.name() + " " + each.endpoint.path);
            }
        }
        operations.removeIf(operation -> operation.startsWith("HEAD "));
        return operations;
    }

    @Test
    void head_answers_as_get_does_and_without_content() {
        try (var relay = new TestRelay()) {
            relay.register("apps: [{id: \"1\", name: x, secrets: [{value: 5f0c6a8e9b1d4c37}]}]");
            for (var operation : Contract.load().operations()) {
                if (operation.startsWith("GET ")) {
                    var path = operation.substring("GET ".length());
                    compare(relay, path.replaceAll("\\{[a-z_]+}", "1"));
                    compare(
                            relay,
                            path.replaceAll("\\{[a-z_]+}", "none") + "?code=" + UUID.randomUUID());
                }
            }
        }
    }

    private static void compare(TestRelay relay, String path) {
        var get = Http.sendUnchecked(request(relay, "GET", path));
        var head = Http.sendUnchecked(request(relay, "HEAD", path));

        assertThat(head.statusCode()).as(path).isEqualTo(get.statusCode());
        assertThat(head.headers().firstValue("Content-Type"))
                .as(path)
                .isEqualTo(get.headers().firstValue("Content-Type"));
        assertThat(head.body()).as(path).isEmpty();
    }

    private static HttpRequest request(TestRelay relay, String method, String path) {
        return HttpRequest.newBuilder(relay.uri(path))
                .method(method, BodyPublishers.noBody())
                .build();
    }
}
