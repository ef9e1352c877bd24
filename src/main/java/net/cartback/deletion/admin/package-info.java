/** What the operator sees and does: the admin API, beside the path, on the management listener. */
@NullMarked
package net.cartback.deletion.admin;

import org.jspecify.annotations.NullMarked;
