/**
 * Meta apps, client systems, and which system serves which app. The first station on the path: who
 * may ask, and who must be told.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.registry;

import org.jspecify.annotations.NullMarked;
