/**
 * The words of the field, each with its rules: pure values, without SQL and without I/O.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.terms;

import org.jspecify.annotations.NullMarked;
