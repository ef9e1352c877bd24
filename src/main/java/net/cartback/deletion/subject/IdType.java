package net.cartback.deletion.subject;

import net.cartback.deletion.terms.WireName;

import java.util.List;

/** The kinds of ids by which Meta identifies a person. */
public enum IdType implements WireName {
    /** One app's users: {@code user_id} of a signed request of Facebook Login. */
    APP_SCOPED_USER_ID,
    /** Whoever writes to one page, in Messenger. */
    PAGE_SCOPED_USER_ID,
    /**
     * An id of unknown kind: Meta does not say whether it is one of the two above or another. It
     * occurs in callbacks of Instagram, and in lists whose kind the operator did not name.
     */
    META_USER_ID;

    /**
     * The kinds under which the same number is a repeat. An id of unknown kind repeats an
     * app-scoped id, and an app-scoped id repeats an id of unknown kind.
     */
    public List<IdType> repeatedKinds() {
        return this == PAGE_SCOPED_USER_ID
                ? List.of(PAGE_SCOPED_USER_ID)
                : List.of(APP_SCOPED_USER_ID, META_USER_ID);
    }
}
