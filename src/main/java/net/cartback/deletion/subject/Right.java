package net.cartback.deletion.subject;

import net.cartback.deletion.terms.WireName;

/** What a person may ask for. */
public enum Right implements WireName {
    /** To be forgotten (GDPR, article 17; CCPA, section 1798.105). */
    ERASURE
}
