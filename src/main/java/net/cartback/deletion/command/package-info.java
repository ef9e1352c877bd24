/** The command line: one class for each command. */
@NullMarked
package net.cartback.deletion.command;

import org.jspecify.annotations.NullMarked;
