/**
 * Records requests in the ledger: sealed, each request once, with a delivery for each system.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.recording;

import org.jspecify.annotations.NullMarked;
