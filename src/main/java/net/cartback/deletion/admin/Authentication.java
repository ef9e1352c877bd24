package net.cartback.deletion.admin;

import io.javalin.http.Context;

import net.cartback.deletion.access.Caller;
import net.cartback.deletion.web.ProblemException;

/** Says who asks. */
public interface Authentication {

    /**
     * The caller of this request.
     *
     * @throws ProblemException 401 if the caller is unknown, 429 if the caller guesses too often,
     *     503 if the caller cannot be checked now
     */
    Caller caller(Context ctx);
}
