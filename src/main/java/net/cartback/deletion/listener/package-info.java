/**
 * The HTTP server: connections, limits, TLS.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.listener;

import org.jspecify.annotations.NullMarked;
