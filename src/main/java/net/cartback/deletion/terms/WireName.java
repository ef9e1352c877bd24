package net.cartback.deletion.terms;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Something that is called by the lower case of its name on the wire and in the database. */
public interface WireName {

    /** Given by the enum. */
    String name();

    /** The name on the wire: {@code NOTHING_FOUND} is {@code nothing_found}. */
    default String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of this name; empty if there is none. */
    static <E extends Enum<E> & WireName> Optional<E> find(Class<E> type, String wireName) {
        return Arrays.stream(type.getEnumConstants())
                .filter(each -> each.wireName().equals(wireName))
                .findFirst();
    }

    /**
     * The one of this name, as it was written by {@link #wireName}.
     *
     * @throws IllegalArgumentException if there is none
     */
    static <E extends Enum<E> & WireName> E named(Class<E> type, String wireName) {
        return Enum.valueOf(type, wireName.toUpperCase(Locale.ROOT));
    }
}
