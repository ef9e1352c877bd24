/** The relay's command line, its configuration and the one page on which everything is wired. */
@NullMarked
package net.cartback.deletion;

import org.jspecify.annotations.NullMarked;
