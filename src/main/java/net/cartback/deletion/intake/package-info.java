/**
 * Where deletions come in: Meta's callback is verified, recorded, and answered.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.intake;

import org.jspecify.annotations.NullMarked;
