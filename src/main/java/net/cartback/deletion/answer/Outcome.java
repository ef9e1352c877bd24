package net.cartback.deletion.answer;

import net.cartback.deletion.terms.WireName;

/** What became of one delivery. */
public enum Outcome implements WireName {
    DELETED,
    NOTHING_FOUND,
    /** Some data is kept: category, ground, until when. */
    RETAINED,
    /** Not deleted, on a ground. */
    REFUSED,
    /** The client is gone and will never answer. Set by an operator only. */
    UNCONFIRMED
}
