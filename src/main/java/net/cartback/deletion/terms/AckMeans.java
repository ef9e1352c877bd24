package net.cartback.deletion.terms;

/** What a client system's 2xx without an outcome means, by agreement with the client. */
public enum AckMeans implements WireName {
    /** It has the request; its answer will come later. */
    ACCEPTED,
    /** It has deleted. */
    DELETED
}
