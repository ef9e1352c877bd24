package net.cartback.deletion.gate;

import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/**
 * A client system is held back from now on, or is let go.
 *
 * @param until null if it is let go
 * @param reason null if it is let go
 */
public record GateChange(
        ClientSystemId system, @Nullable Instant until, @Nullable HoldReason reason) {}
