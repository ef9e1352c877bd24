/** What needs an operator, by cause. Writes nothing. */
@NullMarked
package net.cartback.deletion.attention;

import org.jspecify.annotations.NullMarked;
