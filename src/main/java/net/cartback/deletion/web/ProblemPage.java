package net.cartback.deletion.web;

import io.javalin.http.Context;

import java.util.Optional;

/** What a person sees instead of problem+json. */
public interface ProblemPage {

    /**
     * Writes the page.
     *
     * @param status of the answer
     */
    void write(Context ctx, int status);

    /** From now on, whatever goes wrong with this request is told by this page. */
    static void use(Context ctx, ProblemPage page) {
        ctx.attribute(ProblemPage.class.getName(), page);
    }

    /** Empty: it is told as problem+json. */
    static Optional<ProblemPage> of(Context ctx) {
        return Optional.ofNullable(ctx.attribute(ProblemPage.class.getName()));
    }
}
