/**
 * What is true: the states of deliveries and requests, and every transition between them. Each verb
 * is one transaction, and has happened when it returns.
 */
@NullMarked
package net.cartback.deletion.ledger;

import org.jspecify.annotations.NullMarked;
