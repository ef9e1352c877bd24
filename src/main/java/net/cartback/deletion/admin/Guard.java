package net.cartback.deletion.admin;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

import net.cartback.deletion.access.Caller;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.web.CrossSite;
import net.cartback.deletion.web.ProblemException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Admits known callers whose role is sufficient, and logs each verb. */
public final class Guard {

    private static final Logger log = LoggerFactory.getLogger(Guard.class);
    private static final Set<HandlerType> WRITING =
            Set.of(HandlerType.POST, HandlerType.PATCH, HandlerType.PUT, HandlerType.DELETE);
    private static final String CALLER = "caller";
    private static final String COUNTED = "counted";
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);

    private final Authentication authentication;
    private final Idempotency idempotency;
    private final BooleanSupplier ready;

    /**
     * @param ready while it says false, there is no schema to work on
     */
    public Guard(Authentication authentication, Idempotency idempotency, BooleanSupplier ready) {
        this.authentication = authentication;
        this.idempotency = idempotency;
        this.ready = ready;
    }

    /** The handler, for those who have this role, or one that may do more. */
    Handler require(Role needed, Handler unguarded) {
        Handler handler = ctx -> handle(ctx, unguarded);
        return ctx -> {
            check(ctx, needed);
            idempotency.handle(ctx, handler);
        };
    }

    private void check(Context ctx, Role needed) {
        CrossSite.refuse(ctx);
        var caller = authentication.caller(ctx);
        if (!ready.getAsBoolean()) {
            throw ProblemException.unavailable(
                    "The relay is starting; please try again", RETRY_WHEN_STARTING);
        }
        if (!caller.may(needed)) {
            throw ProblemException.of(
                    403, "not-allowed", "This needs the role " + needed.wireName());
        }
        ctx.attribute(CALLER, caller);
    }

    private static void handle(Context ctx, Handler handler) throws Exception {
        boolean ended = false;
        try {
            handler.handle(ctx);
            ended = true;
        } catch (OlderReplicaRuns e) {
            throw ProblemException.of(409, "not-now", String.valueOf(e.getMessage()));
        } finally {
            // What is committed has happened, also if it cannot be shown now.
            if (WRITING.contains(ctx.method())
                    && (ended || Idempotency.isDone(ctx))
                    && ctx.attribute(COUNTED) == null) {
                tell(ctx);
            }
        }
    }

    /** Addresses hold ids of ours; never what was said, nor a query. */
    private static void tell(Context ctx) {
        log.atInfo()
                .addKeyValue("method", ctx.method().name())
                .addKeyValue("path", ctx.path())
                .addKeyValue("actor", caller(ctx).actor())
                .log("An operator's verb was carried out");
    }

    /** It was only counted: nothing is done. */
    static void counted(Context ctx) {
        ctx.attribute(COUNTED, true);
    }

    /** Who was let in. */
    static Caller caller(Context ctx) {
        return Optional.<Caller>ofNullable(ctx.attribute(CALLER)).orElseThrow();
    }
}
