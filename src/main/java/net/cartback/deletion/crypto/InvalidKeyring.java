package net.cartback.deletion.crypto;

import java.util.List;

/** A keyring that cannot be used, with one sentence for each fault; no sentence quotes a key. */
public final class InvalidKeyring extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    InvalidKeyring(List<String> faults) {
        super(String.join("; ", faults));
        this.faults = List.copyOf(faults);
    }

    /** One sentence for each fault, in the order of the file. */
    public List<String> faults() {
        return faults;
    }
}
