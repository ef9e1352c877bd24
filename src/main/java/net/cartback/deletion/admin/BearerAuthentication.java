package net.cartback.deletion.admin;

import io.javalin.http.Context;

import net.cartback.deletion.access.Access;
import net.cartback.deletion.access.Caller;
import net.cartback.deletion.access.OidcTokens.ProviderUnavailable;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.ProblemException;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** By a bearer token in the header (RFC 6750, section 2.1). Who guesses is slowed down. */
public final class BearerAuthentication implements Authentication {

    private static final String SCHEME = "bearer ";
    private static final Duration RETRY_WITHOUT_KEYS = Duration.ofSeconds(30);

    private final Access access;
    private final GuessLimiter guesses;

    public BearerAuthentication(Access access, GuessLimiter guesses) {
        this.access = access;
        this.guesses = guesses;
    }

    @Override
    public Caller caller(Context ctx) {
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
                            "A valid bearer token is required; tokens add makes one, and with the"
                                    + " embedded database, DATA_DIR/admin-token holds one");
            // A caller without a token does not guess.
            throw token.isEmpty() ? answer : guesses.after(ctx, answer);
        }
        return caller.get();
    }

    private Optional<Caller> caller(String token) {
        try {
            return access.caller(token);
        } catch (ProviderUnavailable e) {
            throw ProblemException.unavailable(
                    "The OIDC provider does not answer, so the token cannot be checked; please try"
                            + " again",
                    RETRY_WITHOUT_KEYS);
        }
    }
}
