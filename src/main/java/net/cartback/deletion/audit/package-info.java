/**
 * The audit trail: rows that the database's triggers write with each change, chained by hashes
 * shortly after, and verified. Knows no table but its own four.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}. In a class {@code …Sql} each method is one statement; the caller
 * holds the transaction.
 */
@NullMarked
package net.cartback.deletion.audit;

import org.jspecify.annotations.NullMarked;
