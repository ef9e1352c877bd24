package net.cartback.deletion.web;

import io.javalin.config.RoutesConfig;

/** Routes that a feature adds to a listener. */
@FunctionalInterface
public interface Routes {

    /** Registers the routes; called once, before the listener starts. */
    void addTo(RoutesConfig routes);
}
