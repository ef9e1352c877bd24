package net.cartback.deletion.storage;

import java.time.Duration;

/** How far what the clock says may be trusted: nothing is dropped by one that may be wrong. */
@FunctionalInterface
public interface ClockTrust {

    /** For how long the clock has run without a step; not positive: it is not to be trusted. */
    Duration trustedFor();
}
