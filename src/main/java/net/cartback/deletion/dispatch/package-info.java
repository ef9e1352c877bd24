/**
 * Where deletions go out: claim what is due, send it, classify the reply, settle.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.dispatch;

import org.jspecify.annotations.NullMarked;
