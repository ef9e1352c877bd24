package net.cartback.deletion.listener;

import java.time.Duration;

/**
 * How long a connection may be idle.
 *
 * @param ofOthers of people, of Meta, of client systems
 * @param ofProxies of proxies in front, which keep connections for the next request: longer than
 *     any usual proxy's own limit (60 s), so that no request meets a connection that is just being
 *     closed
 */
public record IdleLimits(Duration ofOthers, Duration ofProxies) {

    public static final IdleLimits USUAL =
            new IdleLimits(Duration.ofSeconds(15), Duration.ofSeconds(75));

    Duration of(boolean proxy) {
        return proxy ? ofProxies : ofOthers;
    }
}
