package net.cartback.deletion.mail;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Instant;

/** Who knows what a mail says, and what follows when a server has taken it. */
public interface Letters {

    /** What is to be sent, if anything. */
    sealed interface Draft {}

    /**
     * This is.
     *
     * @param told a digest of what it tells; null: of nothing that can change
     */
    record Written(Letter letter, @Nullable String told) implements Draft {}

    /** Nothing is. */
    enum Nothing implements Draft {
        /** Nobody is known any more to whom it could be said. */
        ERASED,
        /** What it would tell is not so any more; it is queued again once it is. */
        NOT_NOW
    }

    /** Queues what is to be said now, each once. */
    void queueWhatIsDue();

    /** What a mail says as of now. */
    Draft write(Mail mail);

    /** In the transaction that notes that a server has taken it. */
    void taken(Handle handle, Mail mail, Instant at);
}
