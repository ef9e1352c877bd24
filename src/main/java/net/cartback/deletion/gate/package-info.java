/**
 * Our circuit breaker: what holds back a client system, the same for every replica.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.gate;

import org.jspecify.annotations.NullMarked;
