package net.cartback.deletion.web;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * {@code GET /health/live}: the process and its loops run. {@code GET /health/ready}: it is
 * configured and the schema is current; a database that goes away later does not make a replica
 * unready, because it answers 503 with Retry-After itself.
 */
public final class HealthRoutes implements Routes {

    private final Map<String, BooleanSupplier> live;
    private final Map<String, BooleanSupplier> ready;

    /** Named checks, each quick and without effect. */
    public HealthRoutes(Map<String, BooleanSupplier> live, Map<String, BooleanSupplier> ready) {
        this.live = Map.copyOf(live);
        this.ready = Map.copyOf(ready);
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, "/health/live", ctx -> answer(ctx, live));
        Routes.read(routes, "/health/ready", ctx -> answer(ctx, ready));
    }

    private static void answer(Context ctx, Map<String, BooleanSupplier> checks) {
        var json = JsonNodeFactory.instance.objectNode();
        boolean up = true;
        var results = JsonNodeFactory.instance.objectNode();
        for (var check : checks.entrySet().stream().sorted(Map.Entry.comparingByKey()).toList()) {
            boolean passed = check.getValue().getAsBoolean();
            results.put(check.getKey(), passed ? "up" : "down");
            up &= passed;
        }
        json.put("status", up ? "up" : "down").set("checks", results);
        ctx.status(up ? 200 : 503).contentType("application/json").result(json.toString());
    }
}
