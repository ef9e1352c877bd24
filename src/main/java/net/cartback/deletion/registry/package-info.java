/**
 * Meta apps, client systems, and which system serves which app. The first station on the path: who
 * may ask, and who must be told.
 */
@NullMarked
package net.cartback.deletion.registry;

import org.jspecify.annotations.NullMarked;
