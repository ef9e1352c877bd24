/**
 * What operators do to requests, deliveries and systems, with who and why.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.operation;

import org.jspecify.annotations.NullMarked;
