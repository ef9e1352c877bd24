package net.cartback.deletion.terms;

import java.util.regex.Pattern;

/** The id that a registry gives a client system: a lower-case name of 1 to 64 characters. */
public record ClientSystemId(String value) {

    private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

    public ClientSystemId {
        if (!isValid(value)) {
            throw new IllegalArgumentException(
                    "A system id is 1 to 64 of a-z, 0-9, - and _, and starts with a letter or"
                            + " digit");
        }
    }

    /** Whether the text has the form of a system id. */
    public static boolean isValid(String value) {
        return FORM.matcher(value).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
