package net.cartback.deletion.answer;

import net.cartback.deletion.terms.WireName;

/** Kinds of data that may be kept: a closed list, so that each can be put in plain words. */
public enum Category implements WireName {
    ACCOUNT,
    ORDERS,
    INVOICES,
    PAYMENTS,
    CONTRACTS,
    MESSAGES,
    SECURITY_LOGS,
    STATISTICS,
    OTHER
}
