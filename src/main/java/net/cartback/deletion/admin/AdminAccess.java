package net.cartback.deletion.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;
import io.javalin.http.Handler;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.web.ProblemException;

import java.security.MessageDigest;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/**
 * Lets in who has the admin token (RFC 6750, section 2.1). Digests are compared, in constant time,
 * so the answer's time tells nothing of the token. Thread-safe.
 */
public final class AdminAccess {

    private static final String SCHEME = "bearer ";
    private static final Duration RETRY_WHEN_STARTING = Duration.ofSeconds(5);

    private final byte[] digest;
    private final BooleanSupplier ready;

    /**
     * @param ready while it says false, there is no schema to work on
     */
    public AdminAccess(String token, BooleanSupplier ready) {
        this.digest = Digest.sha256(token.getBytes(UTF_8));
        this.ready = ready;
    }

    /** The handler, for those who may. */
    Handler guard(Handler handler) {
        return ctx -> {
            check(ctx);
            handler.handle(ctx);
        };
    }

    private void check(Context ctx) {
        var header = ctx.header("Authorization");
        var given =
                header != null && header.toLowerCase(Locale.ROOT).startsWith(SCHEME)
                        ? header.substring(SCHEME.length()).strip()
                        : "";
        if (given.isEmpty()
                || !MessageDigest.isEqual(digest, Digest.sha256(given.getBytes(UTF_8)))) {
            ctx.header("WWW-Authenticate", "Bearer");
            throw ProblemException.of(
                    401, "not-authenticated", "The admin token is required, as a bearer token");
        }
        if (!ready.getAsBoolean()) {
            throw ProblemException.unavailable(
                    "The relay is starting; please try again", RETRY_WHEN_STARTING);
        }
    }
}
