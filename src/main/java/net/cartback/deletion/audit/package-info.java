/**
 * The audit trail: rows that the database's triggers write with each change, chained by hashes
 * shortly after, and verified. Knows no table but its own four.
 */
@NullMarked
package net.cartback.deletion.audit;

import org.jspecify.annotations.NullMarked;
