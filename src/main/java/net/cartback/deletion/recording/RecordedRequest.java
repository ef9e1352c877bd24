package net.cartback.deletion.recording;

import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.RequestId;

import org.jspecify.annotations.Nullable;

/** What recording a request came to. */
public sealed interface RecordedRequest {

    /** The request that there is now. */
    RequestId request();

    /** The confirmation code of the request; null for a notice, which has none. */
    @Nullable ConfirmationCode code();

    /** It is new, and now committed together with its deliveries. */
    record Created(RequestId request, @Nullable ConfirmationCode code) implements RecordedRequest {}

    /** The same was recorded before; nothing was created. */
    record Repeated(RequestId request, @Nullable ConfirmationCode code)
            implements RecordedRequest {}
}
