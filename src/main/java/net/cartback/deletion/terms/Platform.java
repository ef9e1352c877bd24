package net.cartback.deletion.terms;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The Meta product that an app, or one secret of an app, belongs to. */
public enum Platform {
    FACEBOOK,
    INSTAGRAM,
    THREADS,
    WHATSAPP,
    MESSENGER;

    /** The name on the wire and in the database: lower case. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The platform of this name, if there is one. */
    public static Optional<Platform> named(String text) {
        return Arrays.stream(values()).filter(each -> each.wireName().equals(text)).findFirst();
    }
}
