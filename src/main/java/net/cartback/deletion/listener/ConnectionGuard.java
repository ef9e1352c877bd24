package net.cartback.deletion.listener;

import static java.util.Comparator.comparingInt;
import static java.util.Comparator.comparingLong;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toCollection;

import net.cartback.deletion.web.ClientAddress;
import net.cartback.deletion.web.Proxies;

import org.eclipse.jetty.io.AbstractEndPoint;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Keeps one address from taking all connections, and closes connections that are too slow. The
 * server's own limit counts only the time between two bytes, so a slow client could send a header,
 * a TLS handshake or a TLS record without ever finishing it. The guard also closes the connection
 * of a client that reads its answer too slowly, because the answer stays in memory until it is
 * read. If many clients do so at once, most of these connections are closed at once.
 */
final class ConnectionGuard extends AbstractLifeCycle implements Connection.Listener {

    /**
     * Of one address at a time, or one network of IPv6; whoever comes through a proxy comes from
     * the proxy's.
     */
    static final int MAX_OF_ONE_ADDRESS = 256;

    /**
     * From here on there are too many in all: those who have the most give some up, so that others
     * find room.
     */
    static final int MAX_OF_ALL = HttpListener.MAX_CONNECTIONS * 3 / 4;

    /** From its first byte to its end. */
    static final Duration HEADER_LIMIT = Duration.ofSeconds(10);

    /** From when an answer waits to be read to its end: 4 KB/s for the longest. */
    static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

    /** So many answers may wait to be read, by others than proxies: some 100 KB of memory each. */
    static final int MAX_UNREAD = 256;

    private static final Logger log = LoggerFactory.getLogger(ConnectionGuard.class);
    private static final Duration ROUND = Duration.ofMillis(250);

    private final Server server;
    private final Proxies proxies;
    private final IdleLimits limits;
    private final Map<InetAddress, Integer> open = new ConcurrentHashMap<>();
    private final Map<Connection, Watched> watched = new ConcurrentHashMap<>();
    private final Map<SslConnection, Long> handshakes = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final ScheduledExecutorService rounds =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("connections").daemon().factory());

    /**
     * @param proxies the proxies in front, through which many clients connect
     * @param limits the time limits without a byte of HTTP; bytes of TLS itself do not count
     */
    ConnectionGuard(Server server, Proxies proxies, IdleLimits limits) {
        this.limits = limits;
        this.server = server;
        this.proxies = proxies;
    }

    /** One connection, and how far it was when the last request on it had ended. */
    private static final class Watched {
        /** Kept, because a connection that is closed does not know it any more. */
        private final InetAddress network;

        private final boolean proxy;
        private final long quietLimit;

        /** Which answer waits to be read, since when, and whether it did at the last look. */
        private long answered;

        private @Nullable Long unreadSince;
        private boolean waited;

        private long requests;

        private long bytes;
        private final long openedAt = System.nanoTime();
        private long since = openedAt;
        private long lastBytes;
        private long lastByteAt = since;

        Watched(InetAddress network, boolean proxy, Duration quietLimit) {
            this.network = network;
            this.proxy = proxy;
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
        boolean proxy = proxies.contains(address);
        var network = proxy ? address : ClientAddress.network(address);
        var limit = limits.of(proxy);
        // The server's own limit must not end it before.
        connection.getEndPoint().setIdleTimeout(limit.plus(ROUND).toMillis());
        watched.put(connection, new Watched(network, proxy, limit));
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
            endUnread();
            makeRoom();
            handshakes.forEach((connection, since) -> look(connection, since, now));
            long many = refused.sumThenReset();
            if (many > 0) {
                log.atWarn()
                        .addKeyValue("refused", many)
                        .log("An address has too many connections; more are refused");
            }
        } catch (Error e) {
            // The executor would keep it for itself, and look no more.
            var thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
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
        var unreadSince = unreadSince(connection, was, now);
        if (now - was.since > HEADER_LIMIT.toNanos()
                || now - was.lastByteAt > was.quietLimit
                || (unreadSince != null && now - unreadSince > ANSWER_LIMIT.toNanos())) {
            connection.getEndPoint().close();
        }
    }

    /**
     * Since when an answer waits to be read; null if none does. A long answer is written in parts,
     * and nothing seems to wait between two parts. So a single check without a waiting answer does
     * not restart the time.
     */
    private static @Nullable Long unreadSince(Connection connection, Watched was, long now) {
        boolean waits =
                connection.getEndPoint() instanceof AbstractEndPoint endPoint
                        && endPoint.getWriteFlusher().isPending();
        long answered = connection.getMessagesOut();
        if (answered != was.answered || !(waits || was.waited)) {
            was.answered = answered;
            was.unreadSince = null;
        }
        if (waits && was.unreadSince == null) {
            was.unreadSince = now;
        }
        was.waited = waits;
        return was.unreadSince;
    }

    private void endUnread() {
        int ended =
                endSome(
                        each -> each.unreadSince != null,
                        each -> Objects.requireNonNull(each.unreadSince),
                        MAX_UNREAD);
        if (ended > 0) {
            log.atWarn()
                    .addKeyValue("cut_off", ended)
                    .log(
                            "Too many answers wait to be read; the oldest of these connections are"
                                    + " closed");
        }
    }

    private void makeRoom() {
        if (watched.size() <= MAX_OF_ALL) {
            return;
        }
        int ended = endSome(each -> true, each -> each.openedAt, MAX_OF_ALL);
        if (ended > 0) {
            log.atWarn()
                    .addKeyValue("cut_off", ended)
                    .log("Too many connections; the addresses with the most lose their oldest");
        }
    }

    /** Closes the oldest connections of the addresses with the most, but none of a proxy. */
    private int endSome(Predicate<Watched> which, ToLongFunction<Watched> since, int atMost) {
        var byNetwork =
                watched.entrySet().stream()
                        .filter(each -> which.test(each.getValue()))
                        .filter(each -> !each.getValue().proxy)
                        .sorted(comparingLong(each -> since.applyAsLong(each.getValue())))
                        .collect(
                                groupingBy(
                                        each -> each.getValue().network,
                                        toCollection(ArrayDeque::new)));
        int found = byNetwork.values().stream().mapToInt(Deque::size).sum();
        var largest =
                new PriorityQueue<Deque<Map.Entry<Connection, Watched>>>(
                        comparingInt(each -> -each.size()));
        largest.addAll(byNetwork.values());
        for (int left = found; left > atMost; left--) {
            var most = largest.remove();
            most.removeFirst().getKey().getEndPoint().close();
            largest.add(most);
        }
        return Math.max(0, found - atMost);
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
