package net.cartback.deletion.dispatch;

import net.cartback.deletion.terms.ClientSystemId;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How many of this replica's slots each client system may use, so that no system takes all of them.
 * Two limits apply. A system may use no more slots than stay free (the dynamic threshold of
 * Choudhury and Hahne). And it may use no more than a small fixed number, plus two slots for each
 * call that ended within the last second or two. So a system whose calls do not end keeps a few
 * slots. A fast system gets all the slots that it can use after a few calls, like TCP slow start.
 *
 * <p>The quota only divides this replica's own slots. The system's gate decides whether the system
 * is called at all.
 */
final class SlotQuota {

    private static final int AT_LEAST = 32;
    private static final int FOR_EACH_ENDED = 2;
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(1);

    /** Guarded by itself. */
    private static final class Calls {
        private int inFlight;
        private int ended;
        private int endedBefore;
        private long since;

        void turn(long now) {
            long periods = (now - since) / PERIOD;
            if (periods > 0) {
                endedBefore = periods == 1 ? ended : 0;
                ended = 0;
                since += periods * PERIOD;
            }
        }
    }

    private final Map<ClientSystemId, Calls> systems = new ConcurrentHashMap<>();
    private final LongSupplier nanoTime;

    SlotQuota(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    void begun(ClientSystemId system) {
        var calls = calls(system);
        synchronized (calls) {
            calls.inFlight++;
        }
    }

    void ended(ClientSystemId system) {
        var calls = calls(system);
        synchronized (calls) {
            calls.turn(nanoTime.getAsLong());
            calls.inFlight--;
            calls.ended++;
        }
    }

    /** How many more calls of this system may begin now, while so many slots are free. */
    int of(ClientSystemId system, int free) {
        var calls = calls(system);
        synchronized (calls) {
            calls.turn(nanoTime.getAsLong());
            int half = (free - calls.inFlight + 1) / 2;
            int earned =
                    AT_LEAST + FOR_EACH_ENDED * (calls.ended + calls.endedBefore) - calls.inFlight;
            return Math.max(0, Math.min(half, earned));
        }
    }

    private Calls calls(ClientSystemId system) {
        return systems.computeIfAbsent(
                system,
                id -> {
                    var calls = new Calls();
                    calls.since = nanoTime.getAsLong();
                    return calls;
                });
    }
}
