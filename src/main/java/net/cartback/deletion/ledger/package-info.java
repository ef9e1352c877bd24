/**
 * What is true: requests, deliveries, attempts and receipts. The one place where domain state
 * changes, and where all SQL on these tables stands.
 */
@NullMarked
package net.cartback.deletion.ledger;

import org.jspecify.annotations.NullMarked;
