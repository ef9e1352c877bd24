package net.cartback.deletion.recording;

import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.Subject;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.UUID;

/**
 * What Meta tells of a person, verified and not yet recorded.
 *
 * @param platform of the secret that matched where its label names one, else of the app
 * @param secretId which of the app's secrets matched; null: it came in a list
 * @param issuedAt when Meta says the person asked; null if it says nothing usable
 */
public record NewRequest(
        Kind kind,
        MetaAppId app,
        Platform platform,
        @Nullable UUID secretId,
        Subject subject,
        @Nullable Instant issuedAt) {}
