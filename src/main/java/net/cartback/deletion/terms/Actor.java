package net.cartback.deletion.terms;

import java.util.regex.Pattern;

/**
 * Who does something, as the audit trail tells it: a role or the name of a token, never a person's
 * name or address.
 */
public record Actor(String name) {

    private static final Pattern FORM = Pattern.compile("[a-z][a-z0-9:_.-]{0,99}");

    /** Whoever runs a command beside the relay. */
    public static final Actor COMMAND = new Actor("command");

    /**
     * @throws IllegalArgumentException if the name is not 1 to 100 of {@code a-z 0-9 : _ . -}, the
     *     first of them a letter
     */
    public Actor {
        if (!FORM.matcher(name).matches()) {
            throw new IllegalArgumentException("An actor's name is 1 to 100 of a-z 0-9 : _ . -");
        }
    }

    /** An operator, by the name of the token that was shown. */
    public static Actor operator(String token) {
        return new Actor("operator:" + token);
    }

    @Override
    public String toString() {
        return name;
    }
}
