package net.cartback.deletion.yaml;

import java.util.List;

/** A file that cannot be used, with everything that is wrong with it, each by its path. */
public final class InvalidFile extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    public InvalidFile(List<String> faults) {
        // Without a stack trace: this is an answer, not a surprise.
        super(String.join("\n", faults), null, false, false);
        this.faults = List.copyOf(faults);
    }

    /** One sentence for each. */
    public List<String> faults() {
        return faults;
    }
}
