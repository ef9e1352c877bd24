package net.cartback.deletion.terms;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Names one client system's part in one request; the {@code webhook-id} of every attempt. */
public record DeliveryId(UUID value) {

    private static final Pattern FORM =
            Pattern.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");

    /** The id of this text, if the text is a UUID, in whatever case (RFC 9562, section 4). */
    public static Optional<DeliveryId> parse(String text) {
        return FORM.matcher(text).matches()
                ? Optional.of(new DeliveryId(UUID.fromString(text)))
                : Optional.empty();
    }

    /** When it was made (RFC 9562, section 5.7); the beginning of 1970 if it does not tell. */
    public Instant madeAt() {
        return value.version() == 7
                ? Instant.ofEpochMilli(value.getMostSignificantBits() >>> 16)
                : Instant.EPOCH;
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
