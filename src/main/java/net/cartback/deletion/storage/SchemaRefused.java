package net.cartback.deletion.storage;

/** The schema cannot be made in this database; the message says why, and what to do. */
public final class SchemaRefused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    SchemaRefused(String message) {
        super(message);
    }
}
