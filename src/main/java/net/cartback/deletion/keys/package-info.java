/**
 * Keys and their ends: which are loaded where, which the database needs, and sealing anew what
 * older ones sealed. Knows no table but its own two; what is sealed elsewhere is told to it.
 */
@NullMarked
package net.cartback.deletion.keys;

import org.jspecify.annotations.NullMarked;
