/** Where client systems' answers come in after the reply. */
@NullMarked
package net.cartback.deletion.receipt;

import org.jspecify.annotations.NullMarked;
