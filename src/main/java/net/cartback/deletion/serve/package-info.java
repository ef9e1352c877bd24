/**
 * The running relay: its wiring, its loops, its files.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.serve;

import org.jspecify.annotations.NullMarked;
