/** The relay to try on one's own machine: a sample app, two sample client systems, one callback. */
@NullMarked
package net.cartback.deletion.demo;

import org.jspecify.annotations.NullMarked;
