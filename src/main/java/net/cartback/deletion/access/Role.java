package net.cartback.deletion.access;

import net.cartback.deletion.terms.WireName;

import java.util.Optional;

/** What somebody may do. Each role may do what those before it may. */
public enum Role implements WireName {
    /** Reads everything but secrets. */
    VIEWER,
    /** Also the verbs: pause, retry, record an answer. */
    OPERATOR,
    /** Also changes what there is: apps, systems, secrets, tokens. */
    ADMIN;

    /** Whether this role includes the role {@code needed}. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }

    /** The role of this name; empty if there is none. */
    public static Optional<Role> named(String wireName) {
        return WireName.find(Role.class, wireName);
    }
}
