package net.cartback.deletion.subject;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * One thing by which a person may be found. A verified one selects what is the person's; one that
 * is not verified only narrows what a verified one has found.
 *
 * @param value in the form of its type, as {@link IdentifierType#read} gives it
 * @param verified how it was established that it is the person's; null: it was not
 */
public record Identifier(IdentifierType type, String value, @Nullable Verification verified) {

    public Identifier {
        if (verified != null && !type.isVerifiable()) {
            throw new IllegalArgumentException(
                    type.wireName() + " cannot be verified: many people may share it");
        }
    }

    /** From what somebody typed; empty: it has not the form of the type. */
    public static Optional<Identifier> typed(
            IdentifierType type, String text, @Nullable Verification verified) {
        return type.read(text).map(value -> new Identifier(type, value, verified));
    }

    /** Whether records may be found by it alone. */
    public boolean selects() {
        return verified != null;
    }

    /** Its type and its value, spelt as all that mean the same are. */
    public String compared() {
        return type.wireName() + " " + type.compared(value);
    }

    @Override
    public String toString() {
        return "Identifier[" + type.wireName() + "]";
    }
}
