package net.cartback.deletion.web;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;

/**
 * Keeps one address from taking all connections, and ends those that send a header so slowly that
 * it never ends, or a handshake, or a record of TLS: the server's own limit counts the time between
 * two bytes only.
 *
 * <p>Thread-safe.
 */
final class ConnectionGuard extends AbstractLifeCycle implements Connection.Listener {

    /**
     * Of one address at a time, or one network of IPv6; whoever comes through a proxy comes from
     * the proxy's.
     */
    static final int MAX_OF_ONE_ADDRESS = 256;

    /** From its first byte to its end. */
    static final Duration HEADER_LIMIT = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(ConnectionGuard.class);
    private static final Duration ROUND = Duration.ofSeconds(1);

    private final Server server;
    private final Predicate<InetAddress> isProxy;
    private final IdleLimits limits;
    private final Map<InetAddress, Integer> open = new ConcurrentHashMap<>();
    private final Map<Connection, Watched> watched = new ConcurrentHashMap<>();
    private final Map<SslConnection, Long> handshakes = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final ScheduledExecutorService rounds =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("connections").daemon().factory());

    /**
     * @param isProxy addresses of proxies in front, through which many come
     * @param limits without a byte that could be read: inside of TLS, others may come all the time
     */
    ConnectionGuard(Server server, Predicate<InetAddress> isProxy, IdleLimits limits) {
        this.limits = limits;
        this.server = server;
        this.isProxy = isProxy;
    }

    /** One connection, and how far it was when the last request on it had ended. */
    private static final class Watched {
        /** Kept, because a connection that is closed does not know it any more. */
        private final InetAddress network;

        private final long quietLimit;

        private long requests;

        private long bytes;
        private long since = System.nanoTime();
        private long lastBytes;
        private long lastByteAt = since;

        Watched(InetAddress network, Duration quietLimit) {
            this.network = network;
            this.quietLimit = quietLimit.toNanos();
        }
    }

    /** To be called once all connectors are there. */
    @Override
    protected void doStart() {
        for (var connector : server.getConnectors()) {
            connector.addEventListener(this);
        }
        var _ =
                rounds.scheduleWithFixedDelay(
                        this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    protected void doStop() {
        rounds.shutdownNow();
    }

    @Override
    public void onOpened(Connection connection) {
        if (connection instanceof SslConnection handshake) {
            // What goes through it is a connection of its own, and counted there.
            handshakes.put(handshake, System.nanoTime());
            return;
        }
        var address = address(connection);
        if (address == null) {
            return;
        }
        // A proxy is itself, and no neighbour of it is to blame for what comes through it.
        boolean proxy = isProxy.test(address);
        var network = proxy ? address : ClientAddress.network(address);
        var limit = limits.of(proxy);
        // The server's own limit must not end it before.
        connection.getEndPoint().setIdleTimeout(limit.plus(ROUND).toMillis());
        watched.put(connection, new Watched(network, limit));
        int of = open.merge(network, 1, Integer::sum);
        if (of > MAX_OF_ONE_ADDRESS && !proxy) {
            refused.increment();
            connection.getEndPoint().close();
        }
    }

    @Override
    public void onClosed(Connection connection) {
        if (connection instanceof SslConnection handshake) {
            handshakes.remove(handshake);
            return;
        }
        var was = watched.remove(connection);
        if (was != null) {
            open.computeIfPresent(was.network, (each, count) -> count == 1 ? null : count - 1);
        }
    }

    private void round() {
        try {
            long now = System.nanoTime();
            watched.forEach((connection, was) -> look(connection, was, now));
            handshakes.forEach((connection, since) -> look(connection, since, now));
            long many = refused.sumThenReset();
            if (many > 0) {
                log.atWarn()
                        .addKeyValue("refused", many)
                        .log("An address has too many connections; more are refused");
            }
        } catch (RuntimeException e) {
            log.error("A look at the connections failed; looking again", e);
        }
    }

    /** A request counts as in once its header has ended. */
    private static void look(Connection connection, Watched was, long now) {
        long requests = connection.getMessagesIn();
        long bytes = connection.getBytesIn();
        boolean busy = requests > connection.getMessagesOut();
        if (busy || bytes != was.lastBytes) {
            was.lastBytes = bytes;
            was.lastByteAt = now;
        }
        if (busy || requests != was.requests || bytes == was.bytes) {
            was.requests = requests;
            was.bytes = bytes;
            was.since = now;
        }
        if (now - was.since > HEADER_LIMIT.toNanos() || now - was.lastByteAt > was.quietLimit) {
            connection.getEndPoint().close();
        }
    }

    /** A handshake must end as soon as a header must. */
    private void look(SslConnection connection, long since, long now) {
        if (!connection.getSSLEngine().getSession().getProtocol().equals("NONE")) {
            handshakes.remove(connection);
        } else if (now - since > HEADER_LIMIT.toNanos()) {
            connection.getEndPoint().close();
        }
    }

    private static @Nullable InetAddress address(Connection connection) {
        return connection.getEndPoint().getRemoteSocketAddress() instanceof InetSocketAddress socket
                ? socket.getAddress()
                : null;
    }
}
