/** Our circuit breaker: what holds back a client system, the same for every replica. */
@NullMarked
package net.cartback.deletion.gate;

import org.jspecify.annotations.NullMarked;
