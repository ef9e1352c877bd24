/**
 * What routes share: bodies and forms, problem+json, security headers, pages for people, guesses
 * slowed down, health and metrics. Knows no feature.
 *
 * <p>Classes are thread-safe, unless they say otherwise.
 */
@NullMarked
package net.cartback.deletion.web;

import org.jspecify.annotations.NullMarked;
