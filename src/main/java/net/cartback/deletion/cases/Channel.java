package net.cartback.deletion.cases;

import net.cartback.deletion.terms.WireName;

/** How a wish reached the agency. */
public enum Channel implements WireName {
    EMAIL,
    PHONE,
    LETTER,
    IN_PERSON,
    OTHER
}
