/** Where deletions come in: Meta's callback is verified, recorded, and answered. */
@NullMarked
package net.cartback.deletion.intake;

import org.jspecify.annotations.NullMarked;
