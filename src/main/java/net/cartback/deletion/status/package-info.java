/**
 * What the person sees.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.status;

import org.jspecify.annotations.NullMarked;
