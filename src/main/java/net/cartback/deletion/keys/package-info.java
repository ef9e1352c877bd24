/**
 * The life of keys: which replica has loaded which keys, which keys the database needs, and how
 * values of older keys are sealed again. The package knows only its own two tables; callers name
 * the sealed columns of other tables.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.keys;

import org.jspecify.annotations.NullMarked;
