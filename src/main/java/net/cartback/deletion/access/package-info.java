/**
 * Who may use the admin API: static tokens, kept as digests, and bearer tokens of an OpenID
 * provider. Knows no table but its own.
 */
@NullMarked
package net.cartback.deletion.access;

import org.jspecify.annotations.NullMarked;
