package net.cartback.deletion.terms;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.UUID;

/** How a request reached the relay, and the facts that follow. A new way is a new subtype. */
public sealed interface Origin {

    /** Which app's data is to be deleted. */
    MetaAppId app();

    /** Which Meta product the person used. */
    Platform platform();

    /** Which of the app's secrets signed it; null: nothing was signed. */
    default @Nullable UUID secretId() {
        return null;
    }

    /** When Meta says the person asked; null: nobody says, or nothing usable. */
    default @Nullable Instant issuedAt() {
        return null;
    }

    /** When it had reached the agency before it reached the relay; null: it had not. */
    default @Nullable Instant reached() {
        return null;
    }

    /**
     * A signed callback from Meta.
     *
     * @param platform the platform that the label of the matching secret names; if it names none,
     *     the platform of the app
     */
    record MetaCallback(MetaAppId app, Platform platform, UUID secretId, @Nullable Instant issuedAt)
            implements Origin {}

    /** It stood in a list of ids that an operator has brought. */
    record IdList(MetaAppId app, Platform platform) implements Origin {}

    /**
     * A person asked by another way, and was confirmed.
     *
     * @param receivedAt when the wish reached the agency: it may have been a letter
     */
    record Case(MetaAppId app, Platform platform, Instant receivedAt) implements Origin {

        @Override
        public Instant reached() {
            return receivedAt;
        }
    }
}
