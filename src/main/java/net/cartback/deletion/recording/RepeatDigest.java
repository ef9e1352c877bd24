package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.IndexDigest;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.stream.Stream;

/** The digest that identifies a repeat of the same request. */
final class RepeatDigest {

    private RepeatDigest() {}

    static IndexDigest of(
            Keyring keyring,
            Kind kind,
            MetaAppId app,
            Subject subject,
            @Nullable Instant issuedAt) {
        return switch (subject) {
            case MetaUser user -> ofUser(keyring, kind, app, user, issuedAt);
            case Person person ->
                    keyring.digest(
                            Stream.concat(
                                            Stream.of(kind.wireName(), app.value()),
                                            person.compared().stream())
                                    .toArray(String[]::new));
        };
    }

    private static IndexDigest ofUser(
            Keyring keyring, Kind kind, MetaAppId app, MetaUser user, @Nullable Instant issuedAt) {
        // A user's id may be the same number as a page-scoped one, of somebody else.
        var what =
                user.type() == IdType.PAGE_SCOPED_USER_ID
                        ? kind.wireName() + " " + user.type().wireName()
                        : kind.wireName();
        return keyring.digest(
                what,
                app.value(),
                user.id(),
                issuedAt == null ? "" : Long.toString(issuedAt.getEpochSecond()));
    }
}
