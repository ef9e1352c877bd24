package net.cartback.deletion.terms;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

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

    /** Their names, as a sentence lists them. */
    static String list(Collection<? extends WireName> words) {
        return words.stream().map(WireName::wireName).collect(Collectors.joining(", "));
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
