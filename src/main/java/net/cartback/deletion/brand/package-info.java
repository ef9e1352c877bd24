/**
 * What the operators' organisation shows of itself on the pages: one file, checked at the start.
 */
@NullMarked
package net.cartback.deletion.brand;

import org.jspecify.annotations.NullMarked;
