package net.cartback.deletion.registry;

import org.jspecify.annotations.Nullable;

/**
 * How a client system is spoken to over TLS.
 *
 * @param allows12 whether TLS 1.2 will do; otherwise 1.3 is required
 * @param authority the only authority that is trusted, as PEM certificates; null: the public ones
 */
public record Tls(boolean allows12, @Nullable String authority) {

    /** TLS 1.3, and the authorities that everybody trusts. */
    public static final Tls USUAL = new Tls(false, null);
}
