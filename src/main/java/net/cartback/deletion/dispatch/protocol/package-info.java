/**
 * What client systems speak: what is sent, how it is authorised, how a reply is read.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.dispatch.protocol;

import org.jspecify.annotations.NullMarked;
