package net.cartback.deletion.subject;

import net.cartback.deletion.terms.WireName;

/** For whom somebody asks who does not ask for themselves. */
public enum OnBehalfOf implements WireName {
    /** A parent or guardian asks for a child (COPPA rule, 16 CFR 312.6; 11 CCR 7070). */
    CHILD,
    /** Somebody asks who was asked to (11 CCR 7063). */
    AGENT
}
