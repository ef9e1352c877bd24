package net.cartback.deletion.admin;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.IdempotencyKeys.Again;
import net.cartback.deletion.access.IdempotencyKeys.First;
import net.cartback.deletion.access.IdempotencyKeys.Other;
import net.cartback.deletion.access.IdempotencyKeys.Underway;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.RequestBody;

import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Does what a POST asks for once, however often it is sent with the same {@code Idempotency-Key},
 * and answers each as the first.
 */
public final class Idempotency {

    private static final String DONE = "done";
    static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,100}");
    private static final int MAX_BODY_BYTES = 8 * 1024 * 1024;

    private final IdempotencyKeys keys;

    public Idempotency(IdempotencyKeys keys) {
        this.keys = keys;
    }

    /** Runs the handler, once for each key; without a key, each time. */
    void handle(Context ctx, Handler handler) throws Exception {
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
                    IDEMPOTENCY_KEY
                            + " must be 1 to 100 printable ASCII characters without spaces");
        }
    }

    /** Does what was asked under a key, or answers what was answered before. */
    private void once(Context ctx, String key, Handler handler) throws Exception {
        var body = RequestBody.read(ctx, MAX_BODY_BYTES);
        var use =
                keys.use(
                        Guard.caller(ctx).actor(),
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
                            "A request with this key is in progress, or stopped partway: check what"
                                    + " it has changed before you send it again");
            case Other() ->
                    throw ProblemException.withField(
                            422,
                            "key-used",
                            IDEMPOTENCY_KEY,
                            IDEMPOTENCY_KEY + " was used for a different request");
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
            // The open transaction was rolled back. When a bulk verb is sent again, it skips the
            // deliveries that it has finished.
            if (!e.mayHaveHappened() && !isDone(ctx)) {
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

    /** Whether what was asked is done, whatever became of the answer. */
    static boolean isDone(Context ctx) {
        return ctx.attribute(DONE) != null;
    }
}
