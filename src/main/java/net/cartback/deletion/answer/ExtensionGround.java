package net.cartback.deletion.answer;

import net.cartback.deletion.terms.WireName;

/** Why a request may take longer than a month (GDPR article 12(3)). A closed list. */
public enum ExtensionGround implements WireName {
    COMPLEXITY,
    NUMBER_OF_REQUESTS
}
