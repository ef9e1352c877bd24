/** The days on which the agency works, and what is due so many of them later. */
@NullMarked
package net.cartback.deletion.calendar;

import org.jspecify.annotations.NullMarked;
