/**
 * What ends when, and the sweep that erases it.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.retention;

import org.jspecify.annotations.NullMarked;
