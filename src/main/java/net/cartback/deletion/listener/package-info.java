/** The HTTP server: connections, limits, TLS. */
@NullMarked
package net.cartback.deletion.listener;

import org.jspecify.annotations.NullMarked;
