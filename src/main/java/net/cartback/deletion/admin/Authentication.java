package net.cartback.deletion.admin;

import io.javalin.http.Context;

import net.cartback.deletion.access.Caller;
import net.cartback.deletion.web.ProblemException;

/** Says who asks. */
public interface Authentication {

    /**
     * Who asks.
     *
     * @throws ProblemException 401 if nobody knows, 429 if they guess too often, 503 if it cannot
     *     be told now
     */
    Caller caller(Context ctx);
}
