/** What the environment says, read once and checked whole. */
@NullMarked
package net.cartback.deletion.config;

import org.jspecify.annotations.NullMarked;
