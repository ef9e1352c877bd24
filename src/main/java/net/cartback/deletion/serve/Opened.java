package net.cartback.deletion.serve;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** What is open, the last on top: it is closed in the reverse order. */
final class Opened implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Opened.class);

    private final Deque<Runnable> closing = new ArrayDeque<>();

    void push(Runnable close) {
        closing.push(close);
    }

    /** Makes a loop. It ends before the parts that were opened earlier, because it may use them. */
    Loop loop(String name, Duration pause, Runnable round) {
        var loop = new Loop(name, pause, round);
        push(loop::close);
        return loop;
    }

    /** As {@link #loop}; at a stop, a round goes on for as long as this. */
    Loop loop(String name, Duration pause, Runnable round, Duration patience) {
        var loop = new Loop(name, pause, round, patience);
        push(loop::close);
        return loop;
    }

    @Override
    public void close() {
        while (!closing.isEmpty()) {
            try {
                closing.pop().run();
            } catch (RuntimeException e) {
                // One part that does not end well must not keep the others open.
                log.error("A part of the relay did not stop cleanly", e);
            }
        }
    }
}
