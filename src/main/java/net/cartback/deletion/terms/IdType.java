package net.cartback.deletion.terms;

import java.util.List;

/** What an id of Meta's tells a person by. */
public enum IdType implements WireName {
    /** One app's users: {@code user_id} of a signed request of Facebook Login. */
    APP_SCOPED_USER_ID,
    /** Whoever writes to one page, in Messenger. */
    PAGE_SCOPED_USER_ID,
    /**
     * One of the two, or another: Meta does not say which. Callbacks of Instagram hold such ids,
     * and lists whose kind nobody has named.
     */
    META_USER_ID;

    /**
     * The kinds under which the same number is a repeat: an id of no known kind repeats a user's
     * id, and the other way round.
     */
    public List<IdType> repeatedKinds() {
        return this == PAGE_SCOPED_USER_ID
                ? List.of(PAGE_SCOPED_USER_ID)
                : List.of(APP_SCOPED_USER_ID, META_USER_ID);
    }
}
