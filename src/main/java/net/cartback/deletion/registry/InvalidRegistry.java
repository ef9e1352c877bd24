package net.cartback.deletion.registry;

import java.util.List;

/** A registry that was refused as a whole, with one sentence for each fault, named by its path. */
public final class InvalidRegistry extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    InvalidRegistry(List<String> faults) {
        super(String.join("; ", faults));
        this.faults = List.copyOf(faults);
    }

    /** One sentence for each fault: {@code apps[0].secrets[1].value: …}. */
    public List<String> faults() {
        return faults;
    }
}
