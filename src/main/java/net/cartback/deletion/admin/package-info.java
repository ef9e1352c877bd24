/**
 * What the operator sees and does: the admin API, beside the path, on the management listener.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.admin;

import org.jspecify.annotations.NullMarked;
