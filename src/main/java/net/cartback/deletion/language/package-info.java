/** The languages of people, and what is called differently in them. */
@NullMarked
package net.cartback.deletion.language;

import org.jspecify.annotations.NullMarked;
