/**
 * How the program speaks HTTP: listeners, limits, problem+json, security headers, health and
 * metrics. Knows no feature; features hand it their routes.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.web;

import org.jspecify.annotations.NullMarked;
