package net.cartback.deletion.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What somebody may do. Each role may do what those before it may. */
public enum Role {
    /** Reads everything but secrets. */
    VIEWER,
    /** Also the verbs: pause, retry, record an answer. */
    OPERATOR,
    /** Also changes what there is: apps, systems, secrets, tokens. */
    ADMIN;

    /** Whether who has this role may do what needs that one. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }

    /** Its name as it is written: {@code viewer}, {@code operator}, {@code admin}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The role of this name; empty if there is none. */
    public static Optional<Role> named(String wireName) {
        return Arrays.stream(values()).filter(role -> role.wireName().equals(wireName)).findFirst();
    }
}
