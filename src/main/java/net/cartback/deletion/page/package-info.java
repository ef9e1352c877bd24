/**
 * What pages for people are made of: languages, words, sentences with their values, and the shell
 * around them. Nothing here knows what a page is about.
 */
@NullMarked
package net.cartback.deletion.page;

import org.jspecify.annotations.NullMarked;
