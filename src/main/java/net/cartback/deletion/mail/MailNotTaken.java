package net.cartback.deletion.mail;

/** The server did not take a mail. Holds nothing of what it said, nor of the mail. */
public final class MailNotTaken extends Exception {

    private static final long serialVersionUID = 1L;

    private final MailError error;

    public MailNotTaken(MailError error) {
        super("The mail server did not take a mail: " + error.wireName(), null, false, false);
        this.error = error;
    }

    public MailError error() {
        return error;
    }
}
