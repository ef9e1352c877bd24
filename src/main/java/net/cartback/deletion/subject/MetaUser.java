package net.cartback.deletion.subject;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A person known only by an id of Meta's, which Meta has signed or listed. Text, never a number:
 * ids exceed 2^53. {@link #toString} does not show it.
 */
public record MetaUser(String id, IdType type) implements Subject {

    /** In characters. */
    public static final int MAX_LENGTH = 256;

    public MetaUser {
        if (!isValid(id)) {
            throw new IllegalArgumentException(
                    "A user id is 1 to 256 characters that UTF-8 can encode, and not 0");
        }
    }

    /** Whether this text names a person: Meta sends 0 where there is none (page-tab events). */
    public static boolean isValid(String id) {
        return !id.isBlank()
                && !id.equals("0")
                && id.length() <= MAX_LENGTH
                // A lone surrogate would become "?", and two persons one.
                && UTF_8.newEncoder().canEncode(id);
    }

    @Override
    public String toString() {
        return "MetaUser[hidden]";
    }
}
