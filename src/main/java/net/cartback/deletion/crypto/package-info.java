/** Keys, sealing and signatures: bytes in, verdict out. Knows no feature and no table. */
@NullMarked
package net.cartback.deletion.crypto;

import org.jspecify.annotations.NullMarked;
