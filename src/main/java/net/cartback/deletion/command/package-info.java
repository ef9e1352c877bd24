/**
 * The command line: one class for each command.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.command;

import org.jspecify.annotations.NullMarked;
