package net.cartback.deletion.web;

import io.javalin.http.Context;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Logs refused requests, for operators who set up an app or a system. The first refusal of a cause
 * is logged at once. While refusals go on, one line with a count follows per cause and minute. A
 * line names the route, the rule and the app or the system, and never a value that was sent.
 */
public final class Refusals {

    private static final Logger log = LoggerFactory.getLogger(Refusals.class);
    private static final Duration PERIOD = Duration.ofMinutes(1);

    /** Routes, rules, apps and systems are few; this is a guard against our own mistake. */
    private static final int MAX_CAUSES = 1_000;

    private static final String CONCERNED = "concerned";
    private static final String DELIVERY = "delivery_id";

    private final Map<Cause, LongAdder> counts = new ConcurrentHashMap<>();
    private final Duration period;

    /**
     * @param concerned {@code app …} or {@code system …}; null: none that is registered
     */
    private record Cause(
            String route,
            int status,
            String problem,
            @Nullable String field,
            @Nullable String concerned,
            @Nullable String hint) {}

    Refusals() {
        this(PERIOD);
    }

    Refusals(Duration period) {
        this.period = period;
    }

    /** Says which registered app a request concerns. */
    public static void concernsApp(Context ctx, Object app) {
        ctx.attribute(CONCERNED, "app " + app);
    }

    /** Says which registered client system a request concerns. */
    public static void concernsSystem(Context ctx, Object system) {
        ctx.attribute(CONCERNED, "system " + system);
    }

    /**
     * Says which delivery a request concerns: of many that are refused alike, the first is told.
     */
    public static void concernsDelivery(Context ctx, Object delivery) {
        ctx.attribute(DELIVERY, delivery.toString());
    }

    /** Counts a refusal of a request that came to a route. */
    void count(Context ctx, ProblemException problem) {
        var endpoint = ctx.endpoint();
        if (endpoint != null) {
            count(
                    new Cause(
                            ctx.method() + " " + endpoint.path,
                            problem.status(),
                            problem.type(),
                            problem.field(),
                            ctx.attribute(CONCERNED),
                            problem.hint()),
                    ctx.attribute(DELIVERY));
        }
    }

    private void count(Cause cause, @Nullable String delivery) {
        var begun = new LongAdder();
        var known = counts.size() < MAX_CAUSES ? counts.putIfAbsent(cause, begun) : begun;
        if (known != null) {
            known.increment();
            return;
        }
        tell(cause, 1, delivery);
        Thread.ofVirtual().name("refusals").start(() -> goOn(cause, begun));
    }

    /** Until a period in which there was none. */
    private void goOn(Cause cause, LongAdder count) {
        try {
            while (true) {
                Thread.sleep(period);
                long since = count.sumThenReset();
                if (since == 0) {
                    counts.remove(cause, count);
                    return;
                }
                tell(cause, since, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void tell(Cause cause, long count, @Nullable String delivery) {
        var line =
                log.atWarn()
                        .addKeyValue("route", cause.route)
                        .addKeyValue("status", cause.status)
                        .addKeyValue("problem", cause.problem);
        if (cause.field != null) {
            line = line.addKeyValue("field", cause.field);
        }
        if (cause.concerned != null) {
            line = line.addKeyValue("concerned", cause.concerned);
        }
        if (delivery != null) {
            line = line.addKeyValue(DELIVERY, delivery);
        }
        line.addKeyValue("count", count)
                .log(
                        cause.hint == null
                                ? "Requests were refused"
                                : "Requests were refused: " + cause.hint);
    }
}
