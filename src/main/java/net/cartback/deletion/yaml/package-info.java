/** YAML that tells each fault by its path and line, and guesses what was meant. */
@NullMarked
package net.cartback.deletion.yaml;

import org.jspecify.annotations.NullMarked;
