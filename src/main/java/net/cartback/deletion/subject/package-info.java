/**
 * The person whom a request is about (the data subject of the GDPR, article 4(1)), by what may find
 * that person: an id of Meta's, or identifiers of several kinds. Pure values.
 *
 * <p>No {@code toString} here shows what is personal.
 */
@NullMarked
package net.cartback.deletion.subject;

import org.jspecify.annotations.NullMarked;
