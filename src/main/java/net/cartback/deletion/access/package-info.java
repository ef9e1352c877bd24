/**
 * Who may use the admin API: static tokens, kept as digests, and bearer tokens of an OpenID
 * provider. Knows no table but its own.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.access;

import org.jspecify.annotations.NullMarked;
