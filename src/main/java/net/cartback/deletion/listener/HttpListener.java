package net.cartback.deletion.listener;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.util.JavalinBindException;
import io.javalin.util.JavalinException;

import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Problems;
import net.cartback.deletion.web.Proxies;
import net.cartback.deletion.web.Routes;
import net.cartback.deletion.web.SecurityHeaders;

import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One address on which the program answers HTTP. Every request runs on a virtual thread of its own;
 * every answer carries the security headers; everything that goes wrong is problem+json, or a page
 * for who reads pages.
 */
public final class HttpListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpListener.class);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);
    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /** More than this wait in the system's own queue until another connection ends. */
    static final int MAX_CONNECTIONS = 4_096;

    /** Of connections that wait to be taken while many come at once. */
    static final int ACCEPT_QUEUE = 1_024;

    /**
     * The kernel's send buffer for each connection. Otherwise the kernel buffers megabytes for a
     * client that does not read.
     */
    static final int SEND_BUFFER_BYTES = 32 * 1024;

    private final Javalin javalin;

    private HttpListener(Javalin javalin) {
        this.javalin = javalin;
    }

    /**
     * Starts to listen.
     *
     * @param port 0 takes a free one
     * @param gate while it says false, every request is answered 503 with Retry-After
     * @throws PortInUse if the address cannot be had
     */
    public static HttpListener start(
            String host, int port, BooleanSupplier gate, List<Routes> routes) {
        return start(host, port, gate, address -> false, null, IdleLimits.USUAL, routes);
    }

    /**
     * As the other, behind proxies or with TLS.
     *
     * @param proxies from where many people come over one address
     * @param tls null: plain HTTP
     */
    public static HttpListener start(
            String host,
            int port,
            BooleanSupplier gate,
            Proxies proxies,
            @Nullable TlsIdentity tls,
            IdleLimits idle,
            List<Routes> routes) {
        var javalin =
                Javalin.create(
                        config -> {
                            configure(config, host, port, proxies, tls, idle, routes);
                            config.routes.before(ctx -> SecurityHeaders.set(ctx));
                            Problems.addTo(config.routes);
                            routes.forEach(each -> each.addTo(config.routes));
                            // After the routes' own: they may know how a refusal is told.
                            config.routes.before(
                                    ctx -> {
                                        if (!gate.getAsBoolean()) {
                                            throw ProblemException.unavailable(
                                                    "The relay cannot take this now; please try"
                                                            + " again",
                                                    RETRY_WHEN_STARTING);
                                        }
                                    });
                        });
        try {
            return new HttpListener(javalin.start());
        } catch (JavalinBindException e) {
            throw new PortInUse(host, port, e);
        }
    }

    /** The port that is listened on. */
    public int port() {
        return javalin.port();
    }

    /**
     * Takes no more requests, and waits up to 10 s for those under way; then it cuts them off. A
     * connection on which nothing moves meanwhile ends after 1 s.
     */
    @Override
    public void close() {
        try {
            javalin.stop();
        } catch (JavalinException e) {
            // It has stopped all the same.
            log.warn("Stopped listening with connections still open", e);
        }
    }

    private static void configure(
            JavalinConfig config,
            String host,
            int port,
            Proxies proxies,
            @Nullable TlsIdentity tls,
            IdleLimits idle,
            List<Routes> routes) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.concurrency.useVirtualThreads = true;
        config.http.prefer405over404 = true;
        config.router.javaLangErrorHandler(Problems::write);
        // Answers are small, and compressing secrets beside input of strangers is a known leak
        // (BREACH).
        config.http.compressionStrategy = CompressionStrategy.NONE;
        // An address is copied with a slash at its end, or joined to a base that has one.
        config.router.ignoreTrailingSlashes = true;
        config.router.treatMultipleSlashesAsSingleSlash = true;
        config.jetty.host = host;
        config.jetty.port = port;
        config.jetty.modifyHttpConfiguration(http -> limit(http, idle));
        config.jetty.addConnector(
                (server, http) ->
                        tls == null
                                ? connector(server, http, host, port)
                                : tls.connector(server, http, host, port));
        config.jetty.modifyServer(
                server -> {
                    server.setStopTimeout(STOP_LIMIT.toMillis());
                    server.setErrorHandler(new BrokenRequests(routes));
                    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
                    server.addBean(new ConnectionGuard(server, proxies, idle));
                });
    }

    private static Connector connector(
            Server server, HttpConfiguration http, String host, int port) {
        var connector = new ServerConnector(server, new MendingConnections(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        return connector;
    }

    private static void limit(HttpConfiguration http, IdleLimits idle) {
        // Proxies have a longer limit only between two requests.
        http.setIdleTimeout(idle.ofOthers().toMillis());
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
    }
}
