package net.cartback.deletion.cases;

import net.cartback.deletion.language.Language;

/**
 * Where a person is told by mail what becomes of a case: this proves nothing, and finds nobody.
 *
 * @param email as {@code IdentifierType.EMAIL} reads it
 */
public record Contact(String email, Language language) {

    @Override
    public String toString() {
        return "Contact[hidden]";
    }
}
