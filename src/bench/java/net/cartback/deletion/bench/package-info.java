/** The benchmarks: real processes, a durable PostgreSQL, a reference beside each figure. */
@NullMarked
package net.cartback.deletion.bench;

import org.jspecify.annotations.NullMarked;
