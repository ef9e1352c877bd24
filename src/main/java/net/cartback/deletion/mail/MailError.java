package net.cartback.deletion.mail;

import net.cartback.deletion.terms.WireName;

/** Why a mail was not taken. What the server said is not kept: it quotes addresses. */
public enum MailError implements WireName {
    /** Nobody answers at the server's address, or the connection broke. */
    CONNECT,
    /** The server did not answer in time. */
    TIMEOUT,
    /** The server speaks no TLS, or shows a certificate that is not to be trusted. */
    TLS,
    /** The server does not accept the user or the password. */
    LOGIN,
    /** The server does not accept the sender: MAIL_FROM. */
    SENDER,
    /** The server takes no mail for now (4yz, RFC 5321 section 4.2.1). */
    BUSY,
    /** The server takes no such mail (5yz after its content, or for a rule of its own). */
    POLICY,
    /** There is no such recipient. */
    RECIPIENT,
    /** What the mail says, or to whom it goes, cannot be opened with the keys that are loaded. */
    UNREADABLE,
    /** The address was erased before the mail could be sent. */
    ERASED,
    /** An operator has set another address, or none; or the person was told otherwise. */
    WITHDRAWN;

    /** Whether another try may be of use. */
    public boolean isWorthAnotherTry() {
        return this != RECIPIENT && this != ERASED && this != WITHDRAWN;
    }
}
