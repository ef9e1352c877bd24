/**
 * The way to PostgreSQL: pool, migrations, the embedded server, notifications. Knows no table.
 *
 * <p>Classes are thread-safe, unless they say otherwise. While the database is away, methods throw
 * {@code DatabaseUnavailable}.
 */
@NullMarked
package net.cartback.deletion.storage;

import org.jspecify.annotations.NullMarked;
