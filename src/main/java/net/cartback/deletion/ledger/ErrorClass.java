package net.cartback.deletion.ledger;

import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

/** What went wrong with an attempt. */
public enum ErrorClass implements WireName {
    /** The name was not resolved. */
    DNS,
    /** The connection was refused or the host not reached. */
    CONNECT,
    /** The certificate or the handshake. */
    TLS,
    /** No complete reply within the system's time limit. */
    TIMEOUT,
    /** The connection broke before a reply. */
    RESET,
    /** The reply's status. */
    STATUS,
    /** What came back is no HTTP. */
    MALFORMED,
    /** The connection broke within the reply's body. */
    BODY,
    /** An address to which nothing may be sent. */
    ADDRESS,
    /** A reply whose outcome cannot be accepted. */
    BAD_RECEIPT,
    /** A 2xx whose body says nothing that the contract knows: no more than accepted. */
    UNCLEAR,
    /** An agreed status that an intermediary may have sent: it is not the system's answer. */
    UNIDENTIFIED,
    /** The system is not in the registry's copy. */
    UNREGISTERED,
    /** None of the system's secrets is in force. */
    NO_SECRET,
    /** The system does not hear of people, or accepts no kind of identifier that is verified. */
    NO_IDENTIFIER,
    /** The person's id cannot be opened. */
    SUBJECT_UNREADABLE,
    /** The key of the person's id is not loaded here, or not yet. */
    KEY_MISSING,
    /** A fault of our own. */
    INTERNAL;

    /** What to tell the operator: the class, or the status by its number. */
    public String reason(@Nullable Integer status) {
        return this == STATUS && status != null ? "status_" + status : wireName();
    }
}
