/**
 * Keys, sealing and signatures: bytes in, verdict out. Knows no feature and no table.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.crypto;

import org.jspecify.annotations.NullMarked;
