package net.cartback.deletion.storage;

import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Tells the other replicas that something has changed (PostgreSQL's NOTIFY), and hears when they do
 * (LISTEN, on a connection of its own).
 *
 * <p>A signal is only a hint: it carries no data, may be lost, and is sent after the commit that it
 * announces. Signals that wait while another is sent are merged into one. A NOTIFY inside each
 * transaction would serialise all commits. After a reconnect every listener is called once, because
 * signals may have been missed.
 */
public final class Signals implements AutoCloseable {

    private static final String SEND_NOW = "SELECT pg_notify(:channel, :self)::text";

    private static final Logger log = LoggerFactory.getLogger(Signals.class);
    private static final Duration BETWEEN = Duration.ofMillis(20);
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);
    private static final Duration RECONNECT_PAUSE = Duration.ofMillis(500);

    private final Database database;
    private final String self = UUID.randomUUID().toString();
    private final Map<String, Runnable> listeners = new ConcurrentHashMap<>();
    private final Set<String> waiting = ConcurrentHashMap.newKeySet();
    private final LinkedBlockingQueue<String> outgoing = new LinkedBlockingQueue<>();
    private final Thread speaker;
    private final Thread listener;
    private volatile boolean stopped;

    public Signals(Database database) {
        this.database = database;
        this.speaker = Thread.ofVirtual().name("signals-speak").unstarted(this::speak);
        this.listener = Thread.ofVirtual().name("signals-listen").unstarted(this::listen);
    }

    /** Calls the listener, on this object's thread, whenever another replica sends this signal. */
    public void on(String channel, Runnable whenHeard) {
        listeners.put(channel, whenHeard);
    }

    /** Starts speaking and listening; listeners must be registered before. */
    public void start() {
        speaker.start();
        listener.start();
    }

    /** Tells the other replicas, soon. Returns at once; never fails. */
    public void send(String channel) {
        if (waiting.add(channel)) {
            outgoing.add(channel);
        }
    }

    /** Tells the other replicas before it returns; for a command that ends at once. */
    public void sendNow(String channel) {
        database.withHandle(
                handle ->
                        handle.createQuery(SEND_NOW)
                                .bind("channel", channel)
                                .bind("self", self)
                                .mapTo(String.class)
                                .one());
    }

    /** Whether both loops run. */
    public boolean isAlive() {
        return speaker.isAlive() && listener.isAlive();
    }

    @Override
    public void close() {
        stopped = true;
        speaker.interrupt();
        listener.interrupt();
    }

    private void speak() {
        while (!stopped) {
            try {
                var channel = outgoing.take();
                // Before the NOTIFY: whoever commits from here on asks for another one.
                waiting.remove(channel);
                sendNow(channel);
                // A NOTIFY is a commit: under load one in a while is enough.
                Thread.sleep(BETWEEN);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                // Lost: the others poll.
                log.debug("A signal could not be sent", e);
            }
        }
    }

    private void listen() {
        while (!stopped) {
            try (var connection = database.connectAlone()) {
                subscribe(connection);
                listeners.values().forEach(Runnable::run);
                hear(connection.unwrap(PGConnection.class));
            } catch (SQLException e) {
                log.debug("The connection for signals was lost", e);
            } catch (RuntimeException e) {
                log.warn("A listener failed on a signal", e);
            }
            try {
                Thread.sleep(RECONNECT_PAUSE);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void subscribe(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var channel : listeners.keySet()) {
                statement.execute("LISTEN " + statement.enquoteIdentifier(channel, true));
            }
        }
    }

    private void hear(PGConnection connection) throws SQLException {
        long deaf = 0;
        while (!stopped) {
            var notifications = connection.getNotifications((int) HEARTBEAT.toMillis());
            if (notifications == null || notifications.length == 0) {
                // A dead connection is silent too: ask it something every 10 s.
                if (++deaf % 10 == 0 && !((Connection) connection).isValid(3)) {
                    return;
                }
                continue;
            }
            for (var notification : notifications) {
                var whenHeard = listeners.get(notification.getName());
                if (whenHeard != null && !self.equals(notification.getParameter())) {
                    whenHeard.run();
                }
            }
        }
    }
}
