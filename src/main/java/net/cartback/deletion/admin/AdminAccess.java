package net.cartback.deletion.admin;

import io.javalin.http.Context;
import io.javalin.http.Handler;

import net.cartback.deletion.access.Access;
import net.cartback.deletion.access.Caller;
import net.cartback.deletion.access.OidcTokens.ProviderUnavailable;
import net.cartback.deletion.access.Role;
import net.cartback.deletion.web.Brake;
import net.cartback.deletion.web.ProblemException;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Lets in who has a bearer token (RFC 6750, section 2.1) whose role is enough. Who guesses is
 * slowed down. Thread-safe.
 */
public final class AdminAccess {

    private static final String SCHEME = "bearer ";
    private static final String CALLER = "caller";
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);
    private static final Duration RETRY_WITHOUT_KEYS = Duration.ofSeconds(30);

    private final Access access;
    private final Brake brake;
    private final BooleanSupplier ready;

    /**
     * @param ready while it says false, there is no schema to work on
     */
    public AdminAccess(Access access, Brake brake, BooleanSupplier ready) {
        this.access = access;
        this.brake = brake;
        this.ready = ready;
    }

    /** The handler, for those who have this role, or one that may do more. */
    Handler guard(Role needed, Handler handler) {
        return ctx -> {
            check(ctx, needed);
            handler.handle(ctx);
        };
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
                            "A bearer token that is in force is required");
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
