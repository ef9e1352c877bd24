package net.cartback.deletion.web;

import io.javalin.config.RoutesConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** {@code GET /metrics}: what an operator watches, in Prometheus' text form. */
public final class MetricsRoutes implements Routes {

    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry meters;

    public MetricsRoutes(PrometheusMeterRegistry meters) {
        this.meters = meters;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(
                routes, "/metrics", ctx -> ctx.contentType(CONTENT_TYPE).result(meters.scrape()));
    }
}
