package net.cartback.deletion.crypto;

/**
 * A sealed value could not be opened: its key is not in the keyring, it was altered, or it was
 * moved from the place it was sealed for. The message says which; it never holds the value.
 */
public final class SealBroken extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean keyMissing;

    SealBroken(String message) {
        this(message, false);
    }

    SealBroken(String message, boolean keyMissing) {
        super(message);
        this.keyMissing = keyMissing;
    }

    /** Whether the only fault is that the key is not loaded here; another replica may have it. */
    public boolean isKeyMissing() {
        return keyMissing;
    }
}
