package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slows down guesses. From the 20th wrong guess of an address within a minute, each answer to a
 * wrong guess waits one second. At most 8 answers to an address wait at a time; further wrong
 * guesses get a 429. Correct requests do not pass through here, so nobody is refused because of
 * wrong guesses by others at the same address.
 *
 * <p>IPv6 addresses count by their network of 64 bits. The 10 000 addresses with the latest wrong
 * guesses are remembered.
 */
public final class GuessLimiter {

    private static final int FREE = 20;
    private static final int WAITING = 8;
    private static final int ADDRESSES = 10_000;
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration DELAY = Duration.ofSeconds(1);

    private final Proxies proxies;
    private final InstantSource clock;
    private final Map<InetAddress, Guesses> guesses =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<InetAddress, Guesses> eldest) {
                    return size() > ADDRESSES;
                }
            };

    /** What came from one address; guarded by the map's lock. */
    private static final class Guesses {
        private Instant since;
        private int wrong;
        private int waiting;

        Guesses(Instant since) {
            this.since = since;
        }
    }

    /**
     * @param proxies whose {@code X-Forwarded-For} is believed
     */
    public GuessLimiter(Proxies proxies, InstantSource clock) {
        this.proxies = proxies;
        this.clock = clock;
    }

    /**
     * For a guess that has been found wrong: counts it, and waits if there were too many.
     *
     * @return the answer to it
     * @throws ProblemException 429, if too many wait already
     */
    public ProblemException after(Context ctx, ProblemException answer) {
        var of = count(ClientAddress.network(ClientAddress.of(ctx, proxies)));
        if (of == null) {
            return answer;
        }
        try {
            Thread.sleep(DELAY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (guesses) {
                of.waiting--;
            }
        }
        return answer;
    }

    /** Null: it is one of few, and need not wait. */
    private @Nullable Guesses count(InetAddress address) {
        var now = clock.instant();
        synchronized (guesses) {
            var of = guesses.computeIfAbsent(address, first -> new Guesses(now));
            if (of.since.plus(WINDOW).isBefore(now)) {
                of.since = now;
                of.wrong = 0;
            }
            of.wrong++;
            if (of.wrong < FREE) {
                return null;
            }
            if (of.waiting == WAITING) {
                throw ProblemException.tooMany(
                        "Too many wrong requests from this address; please try again later",
                        WINDOW);
            }
            of.waiting++;
            return of;
        }
    }
}
