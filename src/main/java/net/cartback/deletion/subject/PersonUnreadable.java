package net.cartback.deletion.subject;

/** By what a person may be found was opened, and is written in words that are not known here. */
public final class PersonUnreadable extends RuntimeException {

    private static final long serialVersionUID = 1L;

    PersonUnreadable() {
        super("A person is written in words that this version does not know", null, false, false);
    }
}
