/** The program as processes that are started, stopped and killed. */
@NullMarked
package net.cartback.deletion.e2e;

import org.jspecify.annotations.NullMarked;
