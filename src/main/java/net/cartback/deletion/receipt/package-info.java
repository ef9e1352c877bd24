/**
 * Where client systems' answers come in after the reply.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.receipt;

import org.jspecify.annotations.NullMarked;
