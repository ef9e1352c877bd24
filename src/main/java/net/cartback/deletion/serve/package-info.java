/** The running relay: its wiring, its loops, its files. */
@NullMarked
package net.cartback.deletion.serve;

import org.jspecify.annotations.NullMarked;
