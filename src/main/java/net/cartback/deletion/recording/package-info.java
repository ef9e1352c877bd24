/** How requests come into the ledger: sealed, each wish once, with a delivery for each system. */
@NullMarked
package net.cartback.deletion.recording;

import org.jspecify.annotations.NullMarked;
