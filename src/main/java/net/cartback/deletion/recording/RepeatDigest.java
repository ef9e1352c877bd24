package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.IndexDigest;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.terms.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Subject;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/** The digest that identifies a repeat of the same request. */
final class RepeatDigest {

    private RepeatDigest() {}

    static IndexDigest of(
            Keyring keyring,
            Kind kind,
            MetaAppId app,
            Subject subject,
            @Nullable Instant issuedAt) {
        // A user's id may be the same number as a page-scoped one, of somebody else.
        var what =
                subject.type() == IdType.PAGE_SCOPED_USER_ID
                        ? kind.wireName() + " " + subject.type().wireName()
                        : kind.wireName();
        return keyring.digest(
                what,
                app.value(),
                subject.id(),
                issuedAt == null ? "" : Long.toString(issuedAt.getEpochSecond()));
    }
}
