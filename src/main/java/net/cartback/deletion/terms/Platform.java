package net.cartback.deletion.terms;

import java.util.Optional;

/** The Meta product that an app, or one secret of an app, belongs to. */
public enum Platform implements WireName {
    FACEBOOK,
    INSTAGRAM,
    THREADS,
    WHATSAPP,
    MESSENGER;

    /** The platform of this name, if there is one. */
    public static Optional<Platform> named(String text) {
        return WireName.find(Platform.class, text);
    }
}
