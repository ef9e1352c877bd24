package net.cartback.deletion.ledger;

import java.util.Locale;

/** Something that is called by the lower case of its name on the wire and in the database. */
public interface WireName {

    /** Given by the enum. */
    String name();

    /** The name on the wire: {@code NOTHING_FOUND} is {@code nothing_found}. */
    default String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
