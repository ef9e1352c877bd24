/** What ends when, and the sweep that erases it. */
@NullMarked
package net.cartback.deletion.retention;

import org.jspecify.annotations.NullMarked;
