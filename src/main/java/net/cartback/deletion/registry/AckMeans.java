package net.cartback.deletion.registry;

import java.util.Locale;

/** What a client system's 2xx without an outcome means, by agreement with the client. */
public enum AckMeans {
    /** It has the request; its answer will come later. */
    ACCEPTED,
    /** It has deleted. */
    DELETED;

    /** The name in the registry and in the database: lower case. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
