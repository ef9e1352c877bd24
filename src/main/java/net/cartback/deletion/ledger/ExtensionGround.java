package net.cartback.deletion.ledger;

/** Why a request may take longer than a month (GDPR article 12(3)). A closed list. */
public enum ExtensionGround implements WireName {
    COMPLEXITY,
    NUMBER_OF_REQUESTS
}
