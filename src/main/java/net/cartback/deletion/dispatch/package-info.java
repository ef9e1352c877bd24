/** Where deletions go out: claim what is due, send it, classify the reply, settle. */
@NullMarked
package net.cartback.deletion.dispatch;

import org.jspecify.annotations.NullMarked;
