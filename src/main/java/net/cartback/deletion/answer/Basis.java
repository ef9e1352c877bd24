package net.cartback.deletion.answer;

import net.cartback.deletion.terms.WireName;

/** How a client system's answer reached us. */
public enum Basis implements WireName {
    /** Posted to the receipt URL, signature verified. */
    SIGNED,
    /** In the body of its reply to the delivery. */
    IN_REPLY,
    /** By its status alone, as agreed with the client. */
    ACK,
    /** Entered by an operator. */
    BY_HAND
}
