package net.cartback.deletion.brand;

import java.util.List;

/** A brand file that cannot be used, with every fault in it, each named by its path. */
public final class InvalidBrand extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    InvalidBrand(List<String> faults) {
        super(String.join("; ", faults));
        this.faults = List.copyOf(faults);
    }

    /** One sentence for each fault. */
    public List<String> faults() {
        return faults;
    }
}
