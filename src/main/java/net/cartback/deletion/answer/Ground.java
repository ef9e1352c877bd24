package net.cartback.deletion.answer;

import net.cartback.deletion.terms.WireName;

/**
 * Why data may be kept or a deletion refused (GDPR Article 17(3), and for refusals also Articles
 * 12(5)(b) and 12(6)).
 */
public enum Ground implements WireName {
    LEGAL_OBLIGATION(false),
    LEGAL_CLAIMS(false),
    PUBLIC_INTEREST(false),
    FREEDOM_OF_EXPRESSION(false),
    ARCHIVING(false),
    PUBLIC_HEALTH(false),
    IDENTITY_NOT_ESTABLISHED(true),
    REQUEST_EXCESSIVE(true);

    private final boolean onlyForRefusals;

    Ground(boolean onlyForRefusals) {
        this.onlyForRefusals = onlyForRefusals;
    }

    /** Whether it is a ground for refusing a request, but not for keeping data. */
    public boolean isOnlyForRefusals() {
        return onlyForRefusals;
    }
}
