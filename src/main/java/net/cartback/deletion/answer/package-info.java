/** What a client system can say it did, and how its words are read. Pure: no SQL, no I/O. */
@NullMarked
package net.cartback.deletion.answer;

import org.jspecify.annotations.NullMarked;
