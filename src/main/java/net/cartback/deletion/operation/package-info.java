/** What operators do to requests, deliveries and systems, with who and why. */
@NullMarked
package net.cartback.deletion.operation;

import org.jspecify.annotations.NullMarked;
