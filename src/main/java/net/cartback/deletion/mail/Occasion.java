package net.cartback.deletion.mail;

import net.cartback.deletion.terms.WireName;

/** Why a person gets a mail. */
public enum Occasion implements WireName {
    /** The wish has arrived: sent once for a case. */
    RECEIVED,
    /**
     * Every organisation that was asked has answered, or was given up: sent for each request, and
     * again if an answer is corrected later.
     */
    FINISHED
}
