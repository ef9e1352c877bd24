package net.cartback.deletion.gate;

import java.time.Instant;

/** What one attempt says of the client system as a whole, not of the delivery. */
public sealed interface SystemSignal {

    /** It works; what was wrong, if anything, was wrong with the one delivery. */
    record Good() implements SystemSignal {}

    /** It failed. Enough of these, and it is held. */
    record Failed() implements SystemSignal {}

    /** It cannot take any delivery now: it is held at once. */
    record AtFault(HoldReason reason) implements SystemSignal {}

    /** Nothing: it was not called. */
    record Untried() implements SystemSignal {}

    /** It asks for time. */
    record AskedToWait(Instant until) implements SystemSignal {}
}
