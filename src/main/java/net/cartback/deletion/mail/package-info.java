/**
 * Mails to people: an outbox in the database, and the mail server that takes what is in it. What a
 * mail says, others know.
 */
@NullMarked
package net.cartback.deletion.mail;

import org.jspecify.annotations.NullMarked;
