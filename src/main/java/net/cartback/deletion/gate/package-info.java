/**
 * Our circuit breaker: what holds back a client system, the same for every replica. Owns the tables
 * {@code system_gate} and {@code system_health}.
 */
@NullMarked
package net.cartback.deletion.gate;

import org.jspecify.annotations.NullMarked;
