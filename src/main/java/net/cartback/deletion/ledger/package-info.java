/**
 * The states of deliveries and requests, and every transition between them. Each verb is one
 * transaction, committed when the verb returns.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement, or picks rows
 * by one and changes them by another; the caller holds the transaction.
 */
@NullMarked
package net.cartback.deletion.ledger;

import org.jspecify.annotations.NullMarked;
