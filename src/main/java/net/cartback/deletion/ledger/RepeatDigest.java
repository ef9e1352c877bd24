package net.cartback.deletion.ledger;

import net.cartback.deletion.crypto.IndexDigest;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.registry.MetaAppId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/** By what the same wish is recognised when it comes again. */
final class RepeatDigest {

    private RepeatDigest() {}

    static IndexDigest of(
            Keyring keyring,
            Kind kind,
            MetaAppId app,
            Subject subject,
            @Nullable Instant issuedAt) {
        return keyring.digest(
                kind.wireName(),
                app.value(),
                subject.id(),
                issuedAt == null ? "" : Long.toString(issuedAt.getEpochSecond()));
    }
}
