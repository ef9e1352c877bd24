/** What client systems speak: what is sent, how it is authorised, how a reply is read. */
@NullMarked
package net.cartback.deletion.dispatch.protocol;

import org.jspecify.annotations.NullMarked;
