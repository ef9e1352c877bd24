/** The way to PostgreSQL: pool, migrations, the embedded server, notifications. Knows no table. */
@NullMarked
package net.cartback.deletion.storage;

import org.jspecify.annotations.NullMarked;
