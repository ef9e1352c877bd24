/** The words of the field, each with its rules: pure values, without SQL and without I/O. */
@NullMarked
package net.cartback.deletion.terms;

import org.jspecify.annotations.NullMarked;
