/** What operators, people and proofs see of requests and deliveries. Writes nothing. */
@NullMarked
package net.cartback.deletion.reading;

import org.jspecify.annotations.NullMarked;
