package net.cartback.deletion.cases;

import java.util.Optional;
import java.util.UUID;

/** The id of a case. */
public record CaseId(UUID value) {

    /** From text; empty: it is none. */
    public static Optional<CaseId> parse(String text) {
        try {
            var id = UUID.fromString(text);
            return id.toString().equals(text) ? Optional.of(new CaseId(id)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
