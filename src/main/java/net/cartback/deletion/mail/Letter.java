package net.cartback.deletion.mail;

import net.cartback.deletion.language.Language;

import org.jspecify.annotations.Nullable;

/**
 * What is sent. {@link #toString} shows nothing of it.
 *
 * @param sender the name of who writes; null: the address alone
 * @param to an address whose form was checked, without a line's end
 * @param text lines of any length, with {@code \n} in between
 */
public record Letter(
        @Nullable String sender, String to, Language language, String subject, String text) {

    @Override
    public String toString() {
        return "Letter[hidden]";
    }
}
