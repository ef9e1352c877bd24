package net.cartback.deletion.recording;

import net.cartback.deletion.crypto.IndexDigest;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/**
 * A request that is ready to be recorded: sealed and digested, with an id, and a code if it is a
 * deletion.
 */
record PreparedRequest(
        NewRequest request,
        RequestId id,
        @Nullable ConfirmationCode code,
        byte[] subjectSealed,
        IndexDigest repeat,
        byte @Nullable [] codeDigest,
        byte @Nullable [] codeSealed,
        Instant requestedAt,
        Instant receivedAt,
        Instant recordedAt,
        Instant dueAt) {

    /** By its id, which is its alone. */
    @Override
    public boolean equals(Object other) {
        return other instanceof PreparedRequest that && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return "PreparedRequest[" + id + "]";
    }
}
