package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.util.JavalinBindException;
import io.javalin.util.JavalinException;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * One address on which the program answers HTTP. Every request runs on a virtual thread of its own;
 * every answer carries the security headers; everything that goes wrong is problem+json.
 *
 * <p>Thread-safe.
 */
public final class HttpListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpListener.class);
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(15);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);
    private static final int MAX_HEADER_BYTES = 8 * 1024;

    /** More than this wait in the system's own queue until another connection ends. */
    private static final int MAX_CONNECTIONS = 4_096;

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
        return start(host, port, gate, address -> false, null, routes);
    }

    /**
     * As the other, behind proxies or with TLS.
     *
     * @param isProxy from where many people come over one address
     * @param tls null: plain HTTP
     */
    public static HttpListener start(
            String host,
            int port,
            BooleanSupplier gate,
            Predicate<InetAddress> isProxy,
            @Nullable TlsIdentity tls,
            List<Routes> routes) {
        var javalin =
                Javalin.create(
                        config -> {
                            configure(config, host, port, isProxy, tls);
                            config.routes.before(
                                    ctx -> {
                                        SecurityHeaders.set(ctx);
                                        if (!gate.getAsBoolean()) {
                                            throw ProblemException.unavailable(
                                                    "The relay is starting; please try again",
                                                    RETRY_WHEN_STARTING);
                                        }
                                    });
                            Problems.addTo(config.routes);
                            routes.forEach(each -> each.addTo(config.routes));
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
            Predicate<InetAddress> isProxy,
            @Nullable TlsIdentity tls) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.concurrency.useVirtualThreads = true;
        config.http.prefer405over404 = true;
        config.router.javaLangErrorHandler(Problems::write);
        // Answers are small, and compressing secrets beside input of strangers is a known leak
        // (BREACH).
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = false;
        config.jetty.host = host;
        config.jetty.port = port;
        config.jetty.modifyHttpConfiguration(HttpListener::limit);
        if (tls != null) {
            config.jetty.addConnector((server, http) -> tls.connector(server, http, host, port));
        }
        config.jetty.modifyServer(
                server -> {
                    server.setStopTimeout(STOP_LIMIT.toMillis());
                    server.setErrorHandler(HttpListener::answerBrokenHttp);
                    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
                    server.addBean(new ConnectionGuard(server, isProxy));
                });
    }

    private static void limit(HttpConfiguration http) {
        http.setIdleTimeout(IDLE_LIMIT.toMillis());
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
    }

    /** What is not even HTTP never reaches a route; it gets the same kind of answer. */
    private static boolean answerBrokenHttp(Request request, Response response, Callback callback) {
        int status = response.getStatus() < 400 ? 500 : response.getStatus();
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problems.CONTENT_TYPE);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        var body = Problems.body(status, "bad-request", "This request cannot be served", null);
        response.write(true, ByteBuffer.wrap(body.getBytes(UTF_8)), callback);
        return true;
    }
}
