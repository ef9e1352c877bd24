package net.cartback.deletion.gate;

import java.time.Instant;

/** What one attempt says of the client system as a whole, not of the delivery. */
public sealed interface Conduct {

    /** It works; what was wrong, if anything, was wrong with the one delivery. */
    record Good() implements Conduct {}

    /** It failed. Enough of these, and it is held. */
    record Failed() implements Conduct {}

    /** It cannot take any delivery now: it is held at once. */
    record AtFault(HoldReason reason) implements Conduct {}

    /** Nothing: it was not called. */
    record Untried() implements Conduct {}

    /** It asks for time. */
    record AskedToWait(Instant until) implements Conduct {}
}
