package net.cartback.deletion.admin;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

import net.cartback.deletion.access.Access;
import net.cartback.deletion.access.Caller;
import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.IdempotencyKeys.Again;
import net.cartback.deletion.access.IdempotencyKeys.First;
import net.cartback.deletion.access.IdempotencyKeys.Other;
import net.cartback.deletion.access.IdempotencyKeys.Underway;
import net.cartback.deletion.access.OidcTokens.ProviderUnavailable;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.web.Brake;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.RequestBody;

import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * Lets in who has a bearer token (RFC 6750, section 2.1) whose role is enough. Who guesses is
 * slowed down. Thread-safe.
 */
public final class AdminAccess {

    private static final String SCHEME = "bearer ";
    private static final String CALLER = "caller";
    private static final String DONE = "done";
    private static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,100}");
    private static final int MAX_BODY_BYTES = 8 * 1024 * 1024;
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);
    private static final Duration RETRY_WITHOUT_KEYS = Duration.ofSeconds(30);

    private final Access access;
    private final IdempotencyKeys keys;
    private final Brake brake;
    private final BooleanSupplier ready;

    /**
     * @param ready while it says false, there is no schema to work on
     */
    public AdminAccess(Access access, IdempotencyKeys keys, Brake brake, BooleanSupplier ready) {
        this.access = access;
        this.keys = keys;
        this.brake = brake;
        this.ready = ready;
    }

    /** The handler, for those who have this role, or one that may do more. */
    Handler guard(Role needed, Handler unguarded) {
        Handler handler = ctx -> handle(ctx, unguarded);
        return ctx -> {
            check(ctx, needed);
            var key = ctx.header(IDEMPOTENCY_KEY);
            if (key == null || !ctx.method().equals(HandlerType.POST)) {
                handler.handle(ctx);
            } else if (KEY.matcher(key).matches()) {
                once(ctx, key, handler);
            } else {
                throw ProblemException.withField(
                        400,
                        "malformed",
                        IDEMPOTENCY_KEY,
                        "must be 1 to 100 printable ASCII characters without spaces");
            }
        };
    }

    private static void handle(Context ctx, Handler handler) throws Exception {
        try {
            handler.handle(ctx);
        } catch (OlderReplicaRuns e) {
            throw ProblemException.of(409, "not-now", String.valueOf(e.getMessage()));
        }
    }

    /** Does what was asked under a key, or answers what was answered before. */
    private void once(Context ctx, String key, Handler handler) throws Exception {
        var body = RequestBody.read(ctx, MAX_BODY_BYTES);
        var use =
                keys.use(
                        caller(ctx).actor(),
                        key,
                        ctx.path(),
                        String.valueOf(ctx.queryString()),
                        Base64.getEncoder().encodeToString(body));
        switch (use) {
            case First first -> first(ctx, first, handler);
            case Again(int status, String location, String answer) -> {
                if (!location.isEmpty()) {
                    ctx.header("Location", location);
                }
                ctx.status(status).contentType("application/json").result(answer);
            }
            case Underway() ->
                    throw ProblemException.of(
                            409,
                            "not-now",
                            "What was asked under this key is being done, or broke off; look"
                                    + " what became of it");
            case Other() ->
                    throw ProblemException.withField(
                            422, "key-used", IDEMPOTENCY_KEY, "was used for something else");
        }
    }

    private void first(Context ctx, First first, Handler handler) throws Exception {
        try {
            handler.handle(ctx);
        } catch (ProblemException e) {
            // It was refused, so nothing was done. After any other failure, who knows.
            keys.nothingDone(first);
            throw e;
        } catch (DatabaseUnavailable e) {
            // What was begun was undone. What a verb for many had finished before, it passes over
            // when it is asked for again.
            if (!e.mayHaveHappened() && ctx.attribute(DONE) == null) {
                keys.nothingDone(first);
            }
            throw e;
        }
        keys.done(
                first,
                ctx.statusCode(),
                ctx.res().getHeader("Location"),
                String.valueOf(ctx.result()));
    }

    /** What was asked is done; if it cannot be told now, it must not be done again. */
    static void done(Context ctx) {
        ctx.attribute(DONE, true);
    }

    /** Who was let in. */
    static Caller caller(Context ctx) {
        return Optional.<Caller>ofNullable(ctx.attribute(CALLER)).orElseThrow();
    }

    private void check(Context ctx, Role needed) {
        var header = ctx.header("Authorization");
        var token =
                header != null && header.toLowerCase(Locale.ROOT).startsWith(SCHEME)
                        ? header.substring(SCHEME.length()).strip()
                        : "";
        var caller = token.isEmpty() ? Optional.<Caller>empty() : caller(token);
        if (caller.isEmpty()) {
            ctx.header("WWW-Authenticate", "Bearer");
            var answer =
                    ProblemException.of(
                            401,
                            "not-authenticated",
                            "A bearer token that is in force is required; it is made by tokens add,"
                                    + " or in DATA_DIR/admin-token with the embedded database");
            // Who shows none does not guess.
            throw token.isEmpty() ? answer : brake.after(ctx, answer);
        }
        if (!ready.getAsBoolean()) {
            throw ProblemException.unavailable(
                    "The relay is starting; please try again", RETRY_WHEN_STARTING);
        }
        if (!caller.get().may(needed)) {
            throw ProblemException.of(
                    403, "not-allowed", "This needs the role " + needed.wireName());
        }
        ctx.attribute(CALLER, caller.get());
    }

    private Optional<Caller> caller(String token) {
        try {
            return access.caller(token);
        } catch (ProviderUnavailable e) {
            throw ProblemException.unavailable(
                    "Who you are cannot be told now; please try again", RETRY_WITHOUT_KEYS);
        }
    }
}
