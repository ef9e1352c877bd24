/** What the person sees. */
@NullMarked
package net.cartback.deletion.status;

import org.jspecify.annotations.NullMarked;
